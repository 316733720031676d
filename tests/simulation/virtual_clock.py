"""A machine's clocks in virtual time: a wall clock that is set now and then, and one that never steps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


class VirtualClock:
    """``true`` counts the seconds that have really passed, ``step`` by how many the wall clock is off."""

    def __init__(self) -> None:
        self.true = 0.0
        self.step = 0.0

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.true + self.step)

    def monotonic(self) -> float:
        return 5000.0 + self.true

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody sleeps in virtual time")

    def until(self, true: float) -> None:
        """Let time pass; the machine may have slept meanwhile."""
        assert true >= self.true
        self.true = true
