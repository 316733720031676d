"""What has gone wrong lately, and who is therefore not asked for a while."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import timedelta
from typing import Final, TypeVar

from ocibroker.cache.breaker import CLOSED, Breaker
from ocibroker.cache.moment import Moment
from ocibroker.cache.trouble import Draw, Trouble, drawn, trouble
from ocibroker.clock import Clock
from ocibroker.errors import CredentialUnavailable, OcibrokerError
from ocibroker.events import BreakerClosed, BreakerOpened, Report

RENEWAL: Final = timedelta(seconds=30)
"""How long after a refused credential was fetched anew no other refusal has it fetched again: it is not its age."""

_MOST: Final = 4096
"""Keys that are remembered."""

V = TypeVar("V")


class Troubles:
    """Failures by key, and calls without an answer by source: a provider with the options of one rule.

    Safe for threads.
    """

    def __init__(self, clock: Clock, draw: Draw = drawn, report: Report | None = None) -> None:
        self._clock = clock
        self._report = report or Report()
        self._draw = draw
        self._lock = threading.Lock()
        self._troubles: OrderedDict[str, Trouble] = OrderedDict()
        self._breakers: dict[str, Breaker] = {}
        self._renewed: OrderedDict[str, Moment] = OrderedDict()

    def forked(self) -> None:
        """Begin anew in a child, with what is known: another thread of its parent may have held the lock."""
        self._lock = threading.Lock()

    def describe(self, key: str, source: str) -> str | None:
        """Return what stands between a caller and a call, for people; none where nothing does."""
        now = Moment.now(self._clock)
        with self._lock:
            known, breaker = self._troubles.get(key), self._breakers.get(source, CLOSED)
        if known is not None:
            left = "asked again" if known.over(now) else f"not asked for {known.left(now).total_seconds():.0f} s"
            return f"failed {known.failures} times in a row, {left}: {known.error}"
        return None if breaker.lets(now) else str(_silent(source, breaker))

    def in_the_way(self, key: str, source: str) -> OcibrokerError | None:
        """Return why nobody is asked for ``key`` now; none lets the caller ask, and counts on its doing so."""
        now = Moment.now(self._clock)
        with self._lock:
            known = self._troubles.get(key)
            if known is not None and not known.over(now):
                return _repeated(known, now)
            breaker = self._breakers.get(source, CLOSED)
            if breaker.lets(now):
                self._breakers[source] = breaker.probing(now)
                return None
        return _silent(source, breaker)

    def known(self, key: str) -> Trouble | None:
        """Return the last failure, none where it went well since."""
        return self._troubles.get(key)

    def silent(self) -> tuple[str, ...]:
        """Return the sources that are left alone, or would be found out about by the next call."""
        with self._lock:
            return tuple(source for source, breaker in self._breakers.items() if breaker.since is not None)

    def pauses(self, key: str) -> bool:
        """Whether nobody is asked for ``key`` now because of its last failure."""
        known = self._troubles.get(key)
        return known is not None and not known.over(Moment.now(self._clock))

    def late(self, source: str) -> None:
        """Count a call without an answer in time."""
        now = Moment.now(self._clock)
        with self._lock:
            before = self._breakers.get(source, CLOSED)
            after = self._breakers[source] = before.overdue(now)
        if after.since is not None and before.since is None:
            self._report(BreakerOpened(source=source, late=after.late, pause=after.pause.total_seconds()))

    def failed(self, key: str, source: str, error: OcibrokerError) -> Trouble:
        """Remember ``error`` and return what follows from it."""
        now = Moment.now(self._clock)
        self._answered(source)
        with self._lock:
            told = None if error.retry_after is None else timedelta(seconds=error.retry_after)
            new = trouble(error.restated(), now, self._troubles.get(key), told, self._draw)
            _keep(self._troubles, key, new)
            return new

    def succeeded(self, key: str, source: str) -> Trouble | None:
        """Forget what was wrong, and return it."""
        self._answered(source)
        with self._lock:
            return self._troubles.pop(key, None)

    def renews(self, key: str) -> bool:
        """Whether what a registry has refused is fetched anew: once within :data:`RENEWAL`."""
        now = Moment.now(self._clock)
        with self._lock:
            last = self._renewed.get(key)
            if last is not None and now.since(last) < RENEWAL:
                return False
            _keep(self._renewed, key, now)
            return True

    def _answered(self, source: str) -> None:
        with self._lock:
            before, self._breakers[source] = self._breakers.get(source, CLOSED), CLOSED
        if before.since is not None:
            self._report(BreakerClosed(source=source))


def _silent(source: str, breaker: Breaker) -> OcibrokerError:
    why = f"has not answered in time {breaker.late} times in a row, and is left alone for a moment"
    return CredentialUnavailable(why, culprit=source, hint="look at what it is waiting for")


def _repeated(known: Trouble, now: Moment) -> OcibrokerError:
    again = known.error.restated()
    again.retry_after = known.left(now).total_seconds()
    return again


def _keep(kept: OrderedDict[str, V], key: str, value: V) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > _MOST:
        kept.popitem(last=False)
