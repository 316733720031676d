"""What a process holds, by what the kernel says of it."""

from __future__ import annotations

import resource
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from statistics import median
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


@dataclass(frozen=True)
class Look:
    """What process ``pid`` held ``at`` a moment, in the seconds of ``time.time``."""

    at: float
    pid: int
    vitals: Vitals

    @classmethod
    def now(cls, pid: int) -> Look | None:
        """Return none where it has just ended."""
        try:
            return cls(time.time(), pid, Vitals.of(pid))
        except (FileNotFoundError, ProcessLookupError):
            return None


MOST_GROWTH: Final = Vitals(files=8, threads=4, memory=8)
"""What may be held more at the end: connections come and go, memory is given back late."""


def growth(looks: Sequence[Look]) -> Vitals:
    """Return how much more the last of these processes held in its last quarter than in its second.

    The first warms up; and of each quarter it is the middle, since a fault may need much for a moment.
    """
    seen = [astuple(one.vitals) for one in looks if one.pid == looks[-1].pid]
    quarter = len(seen) // 4
    second, last = (
        [median(one) for one in zip(*part, strict=True)] for part in (seen[quarter : 2 * quarter], seen[-quarter:])
    )
    return Vitals(*(after - before for before, after in zip(second, last, strict=True)))
