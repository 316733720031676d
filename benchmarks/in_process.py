"""The credential helper with its cache warm, against Amazon's own for Docker with its cache warm."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from benchmarks.measure import Cost, in_turns, milliseconds, ratio, run
from benchmarks.report import Finding, Report
from benchmarks.table import table
from tests.aws.warmed import HOST, Warmed, warm

ROUNDS: Final = 41
OURS: Final = "docker-credential-ocibroker get"
AMAZONS: Final = "docker-credential-ecr-login get"
PACKAGE: Final = "amazon-ecr-credential-helper"

_TOKEN: Final = "a-token-that-was-kept"
CONTENDERS: Final = {
    OURS: [str(Path(sys.executable).with_name("docker-credential-ocibroker")), "get"],
    AMAZONS: ["docker-credential-ecr-login", "get"],
}


def measure(rounds: int = ROUNDS) -> Report:
    """Measure whole processes, through pipes."""
    if shutil.which(CONTENDERS[AMAZONS][0]) is None:
        raise RuntimeError(f"{CONTENDERS[AMAZONS][0]} is missing: install Debian's {PACKAGE}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        warmed = warm(folder)
        keep_for_amazon(folder, warmed.environ["AWS_ACCESS_KEY_ID"])
        costs = in_turns(CONTENDERS, lambda name: _cost(name, warmed, folder), rounds)
    times, ours, other = ratio(costs, OURS, AMAZONS), milliseconds(costs, OURS), milliseconds(costs, AMAZONS)
    finding = Finding(
        what=f"`{OURS}` without a sidecar, its cache warm",
        against=f"`{AMAZONS}`, its cache warm",
        found=f"{times:.1f} × ({ours:.0f} ms to {other:.1f} ms)",
    )
    return Report([finding], table(costs, to=AMAZONS))


def keep_for_amazon(home: Path, key_id: str) -> None:
    """Write what the other helper keeps of a token.

    The name of an entry has the id of the key in clear, with the digest of nothing behind it
    (``ecr-login/cache/build.go`` of version 0.6.0).
    """
    name = base64.b64encode(key_id.encode() + hashlib.md5(b"", usedforsecurity=False).digest()).decode()
    account, _, _, region, *_ = HOST.split(".")
    now = datetime.now(UTC)
    entry = {
        "AuthorizationToken": base64.b64encode(f"AWS:{_TOKEN}".encode()).decode(),
        "RequestedAt": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "ExpiresAt": f"{now + timedelta(hours=12):%Y-%m-%dT%H:%M:%SZ}",
        "ProxyEndpoint": f"https://{HOST}",
        "Service": "ecr",
    }
    (home / ".ecr").mkdir(mode=0o700)
    kept = {"Registries": {f"{region}-{name}-{account}": entry}, "Version": "1.0"}
    (home / ".ecr" / "cache.json").write_text(json.dumps(kept))


def _cost(name: str, warmed: Warmed, folder: Path) -> Cost:
    found = run([CONTENDERS[name]], {"PATH": "/usr/bin:/bin", **warmed.environ}, folder, stdin=f"{HOST}\n")
    if (warmed.secret if name == OURS else _TOKEN) not in found.stdout:
        raise RuntimeError(f"{name} has not given what is kept")
    return found
