"""What ``broker.access()`` of a remembered credential costs, a call."""

from __future__ import annotations

import tempfile
import time
from datetime import timedelta
from pathlib import Path
from statistics import median
from timeit import repeat
from typing import Final

from benchmarks.report import Finding, Report
from ocibroker import Bearer, Broker, Secret
from ocibroker.clock import SystemClock
from ocibroker.events import Observe
from ocibroker.provider import FetchRequest
from ocibroker.sidecar.metrics import Metrics
from tests.transport.made_provider import MadeProvider, NoOptions, Plugin

ROUNDS: Final = 9
CALLS: Final = 20_000
BOUND: Final = 10.0
"""Microseconds."""
TARGET: Final = "registry.test/team/app"

_CONFIG: Final = """
[[registry]]
match = "registry.test"
provider = "made"

[[registry]]
match = "static.test"
provider = "basic"
options = { username = "alice", password = { file = "password" } }
"""


def measure(rounds: int = ROUNDS) -> Report:
    """Measure a token and a password, in a process that has asked before."""
    counted = Metrics(SystemClock()).observe
    costs = {
        "a token of an hour": _cost(TARGET, rounds),
        "a password in a file": _cost("static.test/app", rounds),
        "a token of an hour, counted in metrics": _cost(TARGET, rounds, counted),
    }
    lines = [f"{rounds} rounds of {CALLS} calls, processor time:", "", "| | µs |", "|---|---|"]
    return Report(
        [_finding(what, cost) for what, cost in costs.items()],
        "\n".join([*lines, *(f"| {what} | {cost:.1f} |" for what, cost in costs.items())]),
    )


def _finding(what: str, cost: float) -> Finding:
    return Finding(
        what=f"cached `broker.access()`, {what}",
        against="–",
        found=f"{cost:.1f} µs",
        bound=f"≤ {BOUND:.0f} µs",
        reached=cost <= BOUND,
    )


def _cost(target: str, rounds: int, observe: Observe | None = None) -> float:
    """Return the microseconds of one call."""
    with (
        tempfile.TemporaryDirectory() as name,
        Broker.from_config(_written(Path(name)), plugins=[_tokens()], observe=observe) as broker,
    ):
        broker.access(target)
        times = repeat(lambda: broker.access(target), timer=time.thread_time, number=CALLS, repeat=rounds)
    return median(times) / CALLS * 1e6


def _tokens() -> Plugin:
    def fetch(request: FetchRequest[NoOptions]) -> Bearer:
        return Bearer(secret=Secret("t"), expires_at=request.clock.now() + timedelta(hours=1))

    return Plugin(MadeProvider(fetch))


def _written(folder: Path) -> Path:
    (folder / "password").write_text("wonder")
    path = folder / "config.toml"
    path.write_text(_CONFIG)
    path.chmod(0o600)
    return path
