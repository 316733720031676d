"""What has happened so far, as far as it is shown: counts, and the last changes."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from ocibroker.api.status import Change
from ocibroker.clock import Clock
from ocibroker.events import (
    Administered,
    Answered,
    AuditFailing,
    AuditRecovered,
    BreakerClosed,
    BreakerOpened,
    Event,
    Failing,
    PeerDenied,
    Recovered,
    Reloaded,
    Requested,
)
from ocibroker.sidecar.status.lately import Lately
from ocibroker.target import Target

MOST: Final = 50
"""Changes that are remembered."""

_LONGEST: Final = 1000
"""Characters of one."""
_CHANGES: Final = (Recovered, BreakerOpened, BreakerClosed, Reloaded, Administered, AuditFailing, AuditRecovered)


class Record:
    """Is told of every event, in any thread.

    ``asked`` says whether what happens there answers a caller; else the process has asked itself, as for a
    credential that it exchanges, and nobody was served.
    """

    def __init__(self, clock: Clock, asked: Callable[[], bool] = lambda: True) -> None:
        self._clock = clock
        self._asked = asked
        self._lock = threading.Lock()
        self._answers: Counter[str] = Counter()
        self._lately = Lately(clock.monotonic)
        self._denied: Counter[str] = Counter()
        self._skews: dict[str, float] = {}
        self._changes: deque[Change] = deque(maxlen=MOST)
        self.expired = 0
        """Credentials that had ended when they were given out."""
        self._observers: Mapping[type, Callable[[Any], None]] = MappingProxyType(
            {
                Answered: self._answered,
                Requested: self._requested,
                PeerDenied: self._turned_away,
                Failing: self._failing,
                **dict.fromkeys(_CHANGES, self._changed),
            }
        )

    @property
    def answers(self) -> Mapping[str, int]:
        """Callers by what they got; there is no ``denied`` among that."""
        with self._lock:
            return dict(self._answers)

    def keep(self, targets: Iterable[Target]) -> None:
        """Count apart what callers got of each of these from now on."""
        with self._lock:
            self._lately.follow(targets)

    def served(self, target: Target) -> Mapping[str, int]:
        """Callers of one target by what they got in the last five minutes."""
        with self._lock:
            return self._lately.of(target)

    @property
    def denied(self) -> Mapping[str, int]:
        """Callers who were turned away, by why."""
        with self._lock:
            return dict(self._denied)

    @property
    def skews(self) -> Mapping[str, float]:
        """By how many seconds the clock of each provider's service was ahead of ours when it answered last."""
        with self._lock:
            return dict(self._skews)

    @property
    def changes(self) -> tuple[Change, ...]:
        """The last changes, the newest first."""
        with self._lock:
            return tuple(reversed(self._changes))

    def observe(self, event: Event) -> None:
        """Count it, or remember it as a change."""
        if (observer := self._observers.get(type(event))) is not None:
            observer(event)

    def note(self, event: str, text: str) -> None:
        """Remember a change."""
        text = text[:_LONGEST]
        with self._lock:
            last = self._changes[-1] if self._changes else None
            again = last is not None and (last.event, last.text) == (event, text)
            times = self._changes.pop().times + 1 if again else 1
            self._changes.append(Change(at=self._clock.now(), event=event, text=text, times=times))

    def _answered(self, event: Answered) -> None:
        asked = self._asked()
        with self._lock:
            if asked:
                self._answers[event.outcome] += 1
                self._lately.note(event.target, event.outcome)
            self.expired += event.seconds_left is not None and event.seconds_left <= 0

    def _requested(self, event: Requested) -> None:
        if event.provider and event.skew is not None:
            with self._lock:
                self._skews[event.provider] = event.skew

    def _turned_away(self, event: PeerDenied) -> None:
        with self._lock:
            self._denied[event.reason] += 1

    def _failing(self, event: Failing) -> None:
        if event.failures == 1:  # what goes on as it was is no change
            self.note(event.name, f"{event.target}: {event}")

    def _changed(self, event: Event) -> None:
        self.note(event.name, str(event))
