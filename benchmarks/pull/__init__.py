"""Pulling, against ``helm pull``, ``skopeo copy`` and the Python client of ORAS: all from the same registry."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.measure import Cost, Costs, in_turns, ratio, run
from benchmarks.pull.contenders import CONTENDERS, OURS
from benchmarks.pull.shelf import LARGE, Shelf, Stock
from benchmarks.report import Finding, Report
from benchmarks.table import table
from tests.e2e import docker_registry, registry_auth
from tests.e2e.authority import Authority

ROUNDS: Final = 5
BOUND: Final = 16
"""MiB."""


def measure(rounds: int = ROUNDS) -> Report:
    """Measure one large chart, many small ones, and one small one, which shows what pulling nothing much takes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority = Authority.create(folder)
        with docker_registry.serving(authority, folder, registry_auth.everyone()) as registry:
            environ, stock = _environ(folder, authority.bundle), _stocked(registry.address, authority.bundle)
            costs = {what: _measure(found, environ, folder, rounds) for what, found in stock.items()}
    parts = [f"{what[0].upper()}{what[1:]}, {table(found)}" for what, found in costs.items()]
    large, many, one = costs.values()
    findings = [_memory(large, one), _speed("one chart of 100 MB", large), _speed("200 small charts", many)]
    return Report(findings, "\n\n".join(parts))


def _memory(large: Costs, one: Costs) -> Finding:
    above = (_peak(large) - _peak(one)) / 1024
    return Finding(
        what="peak memory of pulling 100 MB",
        against="pulling a small chart",
        found=f"+ {above:.1f} MiB",
        bound=f"≤ + {BOUND} MiB",
        reached=above <= BOUND,
    )


def _speed(what: str, costs: Costs) -> Finding:
    others = {name: ratio(costs, OURS, name) for name in costs if name != OURS}
    fastest = max(others, key=lambda name: others[name])
    return Finding(
        what=f"pulling {what}", against=f"{fastest}, the fastest other", found=f"{others[fastest]:.2f} ×"
    )


def _peak(costs: Costs) -> float:
    return median(cost.peak for cost in costs[OURS])


def _stocked(address: str, bundle: Path) -> Stock:
    """Stock the registry in another process: a child's peak memory counts from what its parent has at its peak."""
    with ProcessPoolExecutor(1, get_context("spawn")) as other:
        return other.submit(Shelf(address, bundle).stock).result()


def _measure(references: Sequence[str], environ: Mapping[str, str], folder: Path, rounds: int) -> Costs:
    def cost(name: str) -> Cost:
        with tempfile.TemporaryDirectory(dir=folder) as into:
            found = run(CONTENDERS[name](references, Path(into)), environ, folder)
            _check(Path(into), references, name)
            return found

    return in_turns(CONTENDERS, cost, rounds)


def _check(into: Path, references: Sequence[str], name: str) -> None:
    """Make sure that as much has arrived as was asked for: who fails early is fast."""
    files = [path for path in into.rglob("*") if path.is_file()]
    large = any("/large" in reference for reference in references)
    if len(files) < len(references) or (large and max(map(_size, files)) < LARGE):
        raise RuntimeError(f"{name} has left out something")


def _size(path: Path) -> int:
    return path.stat().st_size


def _environ(folder: Path, bundle: Path) -> dict[str, str]:
    """Return an environment in which every contender trusts the registry, and nobody has a configuration."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "SSL_CERT_FILE": str(bundle),
        "REQUESTS_CA_BUNDLE": str(bundle),
    }
