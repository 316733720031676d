"""``python -m benchmarks.pull [ROUNDS]``: every contender pulls the same from the same registry, in turns."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks.measure import Cost, run, typical
from benchmarks.pull.contenders import CONTENDERS, OURS
from benchmarks.pull.shelf import LARGE, Shelf
from benchmarks.table import table
from tests.e2e import docker_registry, registry_auth
from tests.e2e.authority import Authority


def main(rounds: int) -> None:
    """Print one table for each workload."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority = Authority.create(folder)
        with docker_registry.serving(authority, folder, registry_auth.everyone()) as registry:
            environ = _environ(folder, authority.bundle)
            for workload, references in _stocked(registry.address, authority.bundle).items():
                costs = _measure(references, environ, folder, rounds)
                print(f"\n{workload}, {rounds} rounds\n", *table(costs, ours=[OURS]), sep="\n")


def _stocked(address: str, bundle: Path) -> dict[str, list[str]]:
    """Stock the registry in another process: a child's peak memory counts from what its parent has at its peak."""
    with ProcessPoolExecutor(1, get_context("spawn")) as other:
        return other.submit(Shelf(address, bundle).stock).result()


def _measure(references: Sequence[str], environ: Mapping[str, str], folder: Path, rounds: int) -> dict[str, Cost]:
    costs: dict[str, list[Cost]] = {name: [] for name in CONTENDERS}
    names = list(CONTENDERS)
    for turn in range(rounds + 1):
        for name in (*names[turn % len(names) :], *names[: turn % len(names)]):
            with tempfile.TemporaryDirectory(dir=folder) as into:
                cost = run(CONTENDERS[name](references, Path(into)), environ, folder)
                _check(Path(into), references, name)
            if turn:  # the first round warms caches
                costs[name].append(cost)
    return {name: typical(found) for name, found in costs.items()}


def _check(into: Path, references: Sequence[str], name: str) -> None:
    """Make sure that as much has arrived as was asked for: who fails early is fast."""
    files = [path for path in into.rglob("*") if path.is_file()]
    if len(files) < len(references) or (len(references) == 1 and max(map(_size, files)) < LARGE):
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


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
