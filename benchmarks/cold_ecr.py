"""A token of ECR with nothing cached, against ``aws ecr get-login-password``: all ask the same emulator."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from benchmarks.measure import Cost, Costs, in_turns, milliseconds, ratio, run
from benchmarks.report import Finding, Report
from benchmarks.table import table
from ocibroker.testing import Authority
from tests.aws import emulator
from tests.aws.emulator import Aws
from tests.aws.warmed import HOST

ROUNDS: Final = 21
BOUND: Final = 0.75
HELPER: Final = "docker-credential-ocibroker get"
COMMAND: Final = "ocibroker get"
AWS: Final = "aws ecr get-login-password"

_BIN: Final = Path(sys.executable).parent
_RULE: Final = '[[registry]]\nmatch = "{host}"\nprovider = "ecr"\noptions = {{ endpoint_url = "{endpoint}" }}\n'
CONTENDERS: Final = {
    HELPER: [str(_BIN / "docker-credential-ocibroker"), "get"],
    COMMAND: [str(_BIN / "ocibroker"), "get", HOST, "--output", "docker"],
    AWS: [str(_BIN / "aws"), "ecr", "get-login-password", "--region", "eu-west-1"],
}
"""Each finds keys in the environment and asks ECR once."""


def measure(rounds: int = ROUNDS) -> Report:
    """Measure whole processes; the emulator verifies their signatures."""
    authority = Authority()
    with tempfile.TemporaryDirectory() as name, emulator.serving(authority.server_context(*emulator.NAMES)) as aws:
        folder = Path(name)
        costs = _measure(aws, _environ(aws, folder, authority.write(folder)), folder, rounds)
    return Report([_finding(ours, costs) for ours in (HELPER, COMMAND)], table(costs, to=AWS))


def _measure(aws: Aws, environ: Mapping[str, str], folder: Path, rounds: int) -> Costs:
    def cost(name: str) -> Cost:
        shutil.rmtree(folder / ".cache", ignore_errors=True)
        before = len(aws.registry.issued)
        found = run([CONTENDERS[name]], environ, folder, stdin=HOST if name == HELPER else "")
        if len(aws.registry.issued) != before + 1:
            raise RuntimeError(f"{name} has not asked once")
        return found

    return in_turns(CONTENDERS, cost, rounds)


def _finding(ours: str, costs: Costs) -> Finding:
    times = ratio(costs, ours, AWS)
    return Finding(
        what=f"ECR token, nothing cached: `{ours}`",
        against=f"`{AWS}`",
        found=f"{times:.2f} × ({milliseconds(costs, ours):.0f} ms to {milliseconds(costs, AWS):.0f} ms)",
        bound=f"≤ {BOUND} ×",
        reached=times <= BOUND,
    )


def _environ(aws: Aws, folder: Path, bundle: Path) -> dict[str, str]:
    """Return an environment in which every contender trusts the emulator and knows where it is."""
    key, endpoint = aws.iam.user("alice"), f"https://localhost:{aws.tls.port}"
    config = folder / "ocibroker.toml"
    config.write_text(_RULE.format(host=HOST, endpoint=endpoint))
    config.chmod(0o600)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "AWS_ACCESS_KEY_ID": key.ident,
        "AWS_SECRET_ACCESS_KEY": key.secret,
        "AWS_CA_BUNDLE": str(bundle),
        "SSL_CERT_FILE": str(bundle),
        "AWS_ENDPOINT_URL": endpoint,
        "OCIBROKER_CONFIG": str(config),
        "OCIBROKER_SOCKET": "off",
    }
