"""The sidecar with credentials at hand: how many answers, how late, and in how much memory."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from benchmarks.report import Finding, Report
from benchmarks.serving import SERVE, processor_seconds, serving
from benchmarks.sidecar import constant
from benchmarks.sidecar.caller import Callers, question

ROUNDS: Final = 9
SECONDS: Final = 1.0
CALLERS: Final = 32
SHARE: Final = 1 / 7
RATE: Final = 1000.0
LATEST: Final = 5.0
"""Milliseconds."""
KEYS: Final = 1000
LARGEST: Final = 100.0
"""MiB."""

_ASKED: Final = 2000
_CONFIG: Final = """
[[registry]]
match = "*.registry.test"
provider = "basic"
options = { username = "alice", password = { file = "password" } }
"""
_AUDITED: Final = """
[sidecar]
audit = "audit.jsonl"
"""
_UNBOUNDED: Final = (sys.executable, "-m", "benchmarks.sidecar.serve")


@dataclass(frozen=True, slots=True)
class Flood:
    """How many answers a server has given per second of processor time, and per second."""

    each: float
    wall: float


def measure(rounds: int = ROUNDS) -> Report:
    """Measure over a Unix socket; servers on the first core, whoever asks on the last."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[-1]})
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            environ = _environ(folder)
            ours, others = _floods(folder, environ, cores[0], rounds)
            audited, beside = _floods(folder, _environ(folder, _AUDITED), cores[0], rounds)
            environ = _environ(folder)
            late = _lateness(folder, environ, cores[0], rounds)
            idle, full = _memory(folder, environ)
    finally:
        os.sched_setaffinity(0, cores)
    return Report(
        [
            _share("sidecar", ours, others),
            _share("sidecar with an audit trail", audited, beside),
            _late(late),
            _large(idle, full),
        ],
        "\n\n".join([_rates(ours, others), _waits(late)]),
    )


def _floods(
    folder: Path, environ: Mapping[str, str], core: int, rounds: int
) -> tuple[Sequence[Flood], Sequence[Flood]]:
    """Flood the sidecar and nginx in turns."""
    request, place, other = question("a.registry.test"), folder / "ours.sock", folder / "other.sock"
    with serving([*_UNBOUNDED, str(place)], place, environ, core) as sidecar, Callers(place, CALLERS) as callers:
        body = callers.ask(request).partition(b"\r\n\r\n")[2]
        command = constant.command(folder, other, "a" * len(body))
        with serving(command, other, environ, core) as nginx, Callers(other, CALLERS) as others:
            found = [
                (_flood(sidecar.pid, callers, request), _flood(nginx.pid, others, request)) for _ in range(rounds)
            ]
    return [ours for ours, _ in found], [theirs for _, theirs in found]


def _flood(pid: int, callers: Callers, request: bytes) -> Flood:
    before = processor_seconds(pid)
    count = callers.flood(request, SECONDS)
    return Flood(count / (processor_seconds(pid) - before), count / SECONDS)


def _lateness(folder: Path, environ: Mapping[str, str], core: int, rounds: int) -> Sequence[Sequence[float]]:
    """Return the milliseconds that answers took, of each round, by the sidecar as it is run."""
    place = folder / "paced.sock"
    with serving([*SERVE, str(place)], place, environ, core), Callers(place, CALLERS) as callers:
        request = question("a.registry.test")
        return [[wait * 1000 for wait in callers.pace(request, RATE, _ASKED)] for _ in range(rounds)]


def _memory(folder: Path, environ: Mapping[str, str]) -> tuple[float, float]:
    """Return how many MiB the sidecar has with one credential at hand, and with all of them."""
    place = folder / "large.sock"
    with serving([*SERVE, str(place)], place, environ) as sidecar, Callers(place, 1) as callers:
        callers.ask(question("a.registry.test"))
        idle = _resident(sidecar.pid)
        for number in range(KEYS):
            callers.ask(question(f"r{number}.registry.test"))
        return idle, _resident(sidecar.pid)


def _resident(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def _environ(folder: Path, more: str = "") -> dict[str, str]:
    (folder / "password").write_text("a" * 1800)
    config = folder / "config.toml"
    config.touch(mode=0o600)
    config.write_text(_CONFIG + more)
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "OCIBROKER_CONFIG": str(config)}


def _share(what: str, ours: Sequence[Flood], others: Sequence[Flood]) -> Finding:
    share = median(one.each / other.each for one, other in zip(ours, others, strict=True))
    own, other = median(one.each for one in ours), median(one.each for one in others)
    return Finding(
        what=f"{what}, a credential at hand, `POST /v1/credentials`",
        against="nginx, which returns as many bytes",
        found=f"1/{1 / share:.1f} of its rate ({own:,.0f} to {other:,.0f} answers per second of a core)",
        bound="≥ 1/7",
        reached=share >= SHARE,
    )


def _late(rounds: Sequence[Sequence[float]]) -> Finding:
    late = median(_percentile(waits, 99) for waits in rounds)
    return Finding(
        what=f"sidecar at {RATE:,.0f} requests a second, 99th percentile",
        against="–",
        found=f"{late:.1f} ms",
        bound=f"< {LATEST:.0f} ms",
        reached=late < LATEST,
    )


def _large(idle: float, full: float) -> Finding:
    return Finding(
        what=f"resident memory of `ocibroker serve` with {KEYS:,} keys",
        against="–",
        found=f"{full:.0f} MiB ({idle:.0f} MiB with one)",
        bound=f"≤ {LARGEST:.0f} MiB",
        reached=full <= LARGEST,
    )


def _rates(ours: Sequence[Flood], others: Sequence[Flood]) -> str:
    rows = [f"{len(ours)} rounds of {SECONDS:.0f} s, {CALLERS} connections:", ""]
    rows += ["| | answers per second of a core | answers per second |", "|---|---|---|"]
    for name, floods in (("ocibroker serve", ours), ("nginx", others)):
        each, wall = median(flood.each for flood in floods), median(flood.wall for flood in floods)
        rows.append(f"| {name} | {each:,.0f} | {wall:,.0f} |")
    return "\n".join(rows)


def _waits(rounds: Sequence[Sequence[float]]) -> str:
    lines = [f"{len(rounds)} rounds of {_ASKED:,} requests, {RATE:,.0f} a second:", ""]
    lines += ["| percentile | ms, median of the rounds | ms, the best round |", "|---|---|---|"]
    for part in (50, 90, 99):
        found = [_percentile(waits, part) for waits in rounds]
        lines.append(f"| {part} | {median(found):.2f} | {min(found):.2f} |")
    return "\n".join(lines)


def _percentile(values: Sequence[float], part: int) -> float:
    return quantiles(values, n=100)[part - 1]
