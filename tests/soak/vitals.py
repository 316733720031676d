"""What a process holds, by what the kernel says of it."""

from __future__ import annotations

import resource
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True)
class Vitals:
    """``memory`` is resident, in MiB."""

    files: float
    threads: float
    memory: float

    @classmethod
    def of(cls, pid: int) -> Vitals:
        process = Path(f"/proc/{pid}")
        pages = int((process / "statm").read_text().split()[1])
        files, threads = (len([*(process / kind).iterdir()]) for kind in ("fd", "task"))
        return cls(files, threads, pages * resource.getpagesize() / 2**20)


MOST_GROWTH: Final = Vitals(files=8, threads=4, memory=8)
"""What the second half may hold more than the first: connections come and go, memory is given back late."""


def growth(seen: Sequence[Vitals]) -> Vitals:
    """Return how much more the second half held than the first, at most; the first tenth warms up."""
    steady = [astuple(one) for one in seen[len(seen) // 10 :]]
    middle = len(steady) // 2
    first, second = (list(map(max, zip(*half, strict=True))) for half in (steady[:middle], steady[middle:]))
    return Vitals(*(after - before for before, after in zip(first, second, strict=True)))
