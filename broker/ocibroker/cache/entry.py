"""A remembered answer of a provider, and what may be done with it at a given moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Final

from ocibroker.cache.moment import Moment
from ocibroker.credential import Anonymous, Credential

ANONYMOUS_LIFE: Final = timedelta(seconds=5)
"""How long "there is no identity" is believed: somebody may just be logging in."""

EARLIEST: Final = 0.5
LATEST: Final = 0.8
"""Between which shares of its life a credential is renewed in advance; each at its own, so that a fleet which was
started together does not come back together."""

SKEW: Final = timedelta(seconds=10)
"""How long before its end a credential is taken for expired: other clocks differ, and a request takes time."""

_SHORT: Final = 10
"""A life shorter than so many times the skew has a skew of that part of itself."""


class Standing(Enum):
    """What may be done with an entry."""

    FRESH = "fresh"
    """It is given out."""

    DUE = "due"
    """It is given out, and renewed meanwhile by who has the time."""

    SHORT = "short"
    """Too little life is left for the caller: it is renewed first, and given out only if that fails."""

    OVER = "over"
    """It is never given out."""

    @property
    def valid(self) -> bool:
        """Whether it may still be given out, if need be."""
        return self is not Standing.OVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a provider answered and when.

    ``keep`` bounds how long that is believed; none is as long as it lives. ``share`` is the part of its life after
    which it is renewed in advance, from :data:`EARLIEST` to :data:`LATEST`.
    """

    answer: Credential | Anonymous
    at: Moment
    keep: timedelta | None = None
    share: float = LATEST

    def standing(self, now: Moment, min_ttl: timedelta) -> Standing:
        """Return what may be done at ``now`` for a caller who wants ``min_ttl`` of life left.

        Of both clocks, the one that is worse decides. One whose whole life is shorter than twice ``min_ttl`` is
        good for the first half of it: fetching it again would not make it longer.
        """
        if isinstance(self.answer, Anonymous):
            return Standing.FRESH if now.since(self.at) < ANONYMOUS_LIFE else Standing.OVER
        if self.keep is not None and now.since(self.at) >= self.keep:
            return Standing.OVER
        life = self.life
        return Standing.FRESH if life is None else self._of_its_life(life, now, min_ttl)

    def left(self, now: Moment) -> timedelta | None:
        """Return the life that is left at ``now``; none for what does not expire."""
        life = self.life
        return None if life is None else life - now.since(self.at)

    def due_in(self, now: Moment) -> timedelta | None:
        """Return how long it is until it is renewed in advance; none for what never is."""
        life = self.life
        if life is None:
            return None
        left = timedelta() if now.stepped_back(self.at) else life * self.share - now.since(self.at)
        return max(left, timedelta())

    @property
    def life(self) -> timedelta | None:
        """The life that the credential had when it was got; none for one that does not expire."""
        if isinstance(self.answer, Anonymous) or self.answer.expires_at is None:
            return None
        return self.answer.expires_at - self.at.wall

    def _of_its_life(self, life: timedelta, now: Moment, min_ttl: timedelta) -> Standing:
        spent = now.since(self.at)
        left = life - spent
        if left <= min(SKEW, life / _SHORT):
            return Standing.OVER
        if left <= min(min_ttl, life / 2):
            return Standing.SHORT
        # A wall clock that was put back may have been wrong when the credential was got, and its end with it.
        return Standing.DUE if spent >= life * self.share or now.stepped_back(self.at) else Standing.FRESH
