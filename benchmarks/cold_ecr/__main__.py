"""``python -m benchmarks.cold_ecr [ROUNDS]``: every contender asks the same ECR for a token, in turns."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from benchmarks.cold_ecr.contenders import CONTENDERS, HOST, OURS
from benchmarks.measure import Cost, run, typical
from benchmarks.table import table
from ocibroker.testing import Authority
from tests.aws import emulator
from tests.aws.emulator import Aws

_RULE: Final = '[[registry]]\nmatch = "{host}"\nprovider = "ecr"\noptions = {{ endpoint_url = "{endpoint}" }}\n'


def main(rounds: int) -> None:
    """Print one table."""
    authority = Authority()
    with tempfile.TemporaryDirectory() as name, emulator.serving(authority.server_context(*emulator.NAMES)) as aws:
        folder = Path(name)
        costs = _measure(aws, _environ(aws, folder, authority.write(folder)), folder, rounds)
    print(f"{rounds} rounds\n", *table(costs, ours=OURS), sep="\n")


def _measure(aws: Aws, environ: Mapping[str, str], folder: Path, rounds: int) -> dict[str, Cost]:
    costs: dict[str, list[Cost]] = {name: [] for name in CONTENDERS}
    names = list(CONTENDERS)
    for turn in range(rounds + 1):
        for name in (*names[turn % len(names) :], *names[: turn % len(names)]):
            shutil.rmtree(folder / ".cache", ignore_errors=True)
            before = len(aws.registry.issued)
            cost = run([CONTENDERS[name]], environ, folder)
            if len(aws.registry.issued) != before + 1:
                raise RuntimeError(f"{name} has not asked once")
            if turn:  # the first round warms the disk's cache
                costs[name].append(cost)
    return {name: typical(found) for name, found in costs.items()}


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


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 21)
