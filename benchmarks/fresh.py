"""From a fresh process to the first cached answer, against a bare interpreter."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final

from benchmarks.measure import Cost, Costs, in_turns, milliseconds, ratio, run
from benchmarks.report import Finding, Report
from benchmarks.table import table
from tests.aws.warmed import HOST, Warmed, warm, with_authority

ROUNDS: Final = 41
BOUND: Final = 10.0
BARE: Final = "python3 -c pass"
HELPER: Final = "docker-credential-ocibroker get"

_BIN: Final = Path(sys.executable).parent
_LIBRARY: Final = (
    "import os; from ocibroker import Broker; broker = Broker.from_config(environ=os.environ, store='file'); "
    f"print(broker.access('{HOST}').credential.secret.reveal())"
)
CONTENDERS: Final = {
    BARE: [sys.executable, "-c", "pass"],
    HELPER: [str(_BIN / "docker-credential-ocibroker"), "get"],
    "broker.access()": [sys.executable, "-c", _LIBRARY],
    "ocibroker get": [str(_BIN / "ocibroker"), "get", HOST, "--output", "docker"],
}


def measure(rounds: int = ROUNDS) -> Report:
    """Measure with no configuration, and with one that names an authority for the registry."""
    parts, findings = [], []
    for title, configured in (("Without configuration", False), ("With a `[[tls]]` entry", True)):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            costs = _measure(warm(folder, with_authority(folder) if configured else ""), folder, rounds)
        parts.append(f"{title}, {table(costs, to=BARE)}")
        findings.append(_finding(title.lower(), costs))
    return Report(findings, "\n\n".join(parts))


def _measure(warmed: Warmed, folder: Path, rounds: int) -> Costs:
    def cost(name: str) -> Cost:
        found = run([CONTENDERS[name]], warmed.environ, folder, stdin=HOST if name == HELPER else "")
        if name != BARE and warmed.secret not in found.stdout:
            raise RuntimeError(f"{name} has not given the cached answer")
        return found

    return in_turns(CONTENDERS, cost, rounds)


def _finding(title: str, costs: Costs) -> Finding:
    times, ours, bare = ratio(costs, HELPER, BARE), milliseconds(costs, HELPER), milliseconds(costs, BARE)
    return Finding(
        what=f"fresh process to its first cached answer, {title}",
        against=f"bare `{BARE}`",
        found=f"{times:.1f} × ({ours:.0f} ms to {bare:.0f} ms)",
        bound=f"≤ {BOUND:.0f} ×",
        reached=times <= BOUND,
    )
