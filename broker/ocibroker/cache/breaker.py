"""A provider that does not answer at all is left alone for a while: each call would cost a thread."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from ocibroker.cache.moment import Moment

PATIENCE: Final = 5
"""Calls in a row that did not answer in time."""

_FIRST: Final = timedelta(seconds=1)
_LONGEST: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Breaker:
    """Counts what was ``late`` in a row; from ``patience`` on it is open, ``since`` then."""

    late: int = 0
    since: Moment | None = None
    patience: int = PATIENCE

    def lets(self, now: Moment) -> bool:
        """Whether a call may be made."""
        return self.since is None or now.since(self.since) >= self.pause

    def probing(self, now: Moment) -> Breaker:
        """Return what it is once somebody was let through: an open one lets no other through for another pause."""
        return self if self.since is None else replace(self, since=now)

    def overdue(self, now: Moment) -> Breaker:
        """Return what it is after one more call that did not answer in time."""
        late = self.late + 1
        return replace(self, late=late, since=now if late >= self.patience else None)

    @property
    def pause(self) -> timedelta:
        """How long nobody is let through."""
        return min(_FIRST * (1 << min(max(self.late - self.patience, 0), 16)), _LONGEST)


CLOSED: Final = Breaker()
"""Nothing was late."""
