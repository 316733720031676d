"""Time, passed in: so that a test can hold it still."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Final, Protocol

_BOOT: Final[int] = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", -1))
"""Counts while the machine sleeps: on Linux CLOCK_BOOTTIME, on macOS CLOCK_MONOTONIC; Windows has no such clock."""


class Clock(Protocol):
    """What the broker asks about time."""

    def now(self) -> datetime:
        """Return the wall clock's moment, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go backwards, and that go on while the machine sleeps."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait so many seconds."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        """Return the wall clock's moment, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never go backwards, and that go on while the machine sleeps."""
        return time.clock_gettime(_BOOT) if _BOOT >= 0 else time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait so many seconds."""
        time.sleep(seconds)
