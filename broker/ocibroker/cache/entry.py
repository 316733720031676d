"""A remembered answer of a provider, and how long it may be given out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ocibroker.credential import Anonymous, Credential

ANONYMOUS_LIFE: Final = timedelta(seconds=5)
"""How long "there is no identity" is believed: somebody may just be logging in."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a provider answered, when (UTC), and for how long that is believed; none is as long as it lives."""

    answer: Credential | Anonymous
    at: datetime
    keep: timedelta | None = None

    def usable(self, now: datetime, min_ttl: timedelta) -> bool:
        """Whether the answer may be given out at ``now``: with ``min_ttl`` of its life left.

        One whose whole life is shorter than ``min_ttl`` is usable for the first half of it: fetching it again
        would not make it longer.
        """
        if isinstance(self.answer, Anonymous):
            return self._younger(ANONYMOUS_LIFE, now)
        if self.keep is not None and not self._younger(self.keep, now):
            return False
        expires = self.answer.expires_at
        if expires is None:
            return True
        return expires - now > min(min_ttl, (expires - self.at) / 2)

    def _younger(self, life: timedelta, now: datetime) -> bool:
        # A clock that was put back makes it no younger.
        return timedelta() <= now - self.at < life
