"""Time that stands still until a test moves it, or that passes and lets nobody sleep."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ocibroker.clock import SystemClock


class HandClock:
    """Both clocks of a broker, moved by hand."""

    def __init__(self) -> None:
        self._now = datetime.now(UTC)
        self._monotonic = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def sleep(self, seconds: float) -> None:
        self.move(seconds)

    def epoch(self) -> float:
        """The same moment as an embedded registry counts it."""
        return self._now.timestamp()

    def move(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds


class SleeplessClock(SystemClock):
    """Time as it passes; whoever wants to sleep goes on at once."""

    def sleep(self, seconds: float) -> None:
        pass
