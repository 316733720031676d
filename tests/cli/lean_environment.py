"""A Python environment with ocibroker and what a few of its extras bring, and without anything else."""

from __future__ import annotations

import subprocess
import venv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


@dataclass(frozen=True)
class LeanEnvironment:
    folder: Path

    @classmethod
    def create(cls, folder: Path, *extras: str, beside: Iterable[str] = ()) -> LeanEnvironment:
        """Make it of links to what is installed here: no network is needed. ``beside`` are other distributions."""
        venv.create(folder, with_pip=False, symlinks=True)
        (site,) = (folder / "lib").glob("python*/site-packages")
        for one in closure("ocibroker", frozenset(extras)).values():
            link(one, site)
        for name in beside:
            link(distribution(name), site)
        return cls(folder)

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Run Python."""
        command = [str(self.folder / "bin" / "python"), *argv]
        environ = {"HOME": str(self.folder)}
        return subprocess.run(command, env=environ, check=False, capture_output=True, text=True, timeout=60)


def closure(name: str, extras: frozenset[str]) -> dict[str, Distribution]:
    """Return what pip would have installed."""
    found: dict[str, Distribution] = {}
    wanted, done = [(name, extras)], set()
    while wanted:
        one = wanted.pop()
        if one not in done:
            done.add(one)
            found[one[0]] = distribution(one[0])
            wanted += requirements(found[one[0]], one[1])
    return found


def requirements(one: Distribution, extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    for wanted in map(Requirement, one.requires or ()):
        if wanted.marker is None or any(wanted.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield canonicalize_name(wanted.name), frozenset(wanted.extras)


def link(one: Distribution, site: Path) -> None:
    # File by file: of a namespace like `azure` the folder belongs to many.
    for file in one.files or ():
        if ".." not in file.parts and "__pycache__" not in file.parts:
            place = site / file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(Path(str(file.locate())).resolve())
