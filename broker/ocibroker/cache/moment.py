"""One moment by two clocks, since either may be wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from ocibroker.clock import Clock


@dataclass(frozen=True, slots=True)
class Moment:
    """``wall`` is in UTC and may be set; ``boot`` counts seconds, while the machine sleeps too, and never steps."""

    wall: datetime
    boot: float

    @classmethod
    def now(cls, clock: Clock) -> Self:
        """Return what both clocks show."""
        return cls(clock.now(), clock.monotonic())

    def since(self, earlier: Moment) -> timedelta:
        """Return how much later this is, by the clock that says more: one put back makes nothing younger."""
        return max(self.wall - earlier.wall, timedelta(seconds=self.boot - earlier.boot))

    def stepped_back(self, earlier: Moment) -> bool:
        """Whether the wall clock shows a moment before ``earlier``."""
        return self.wall < earlier.wall
