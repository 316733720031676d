"""How often each target was served in the last minutes, and what callers got."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ocibroker.events import Outcome
from ocibroker.target import Target

SPAN: Final = 300.0
"""Seconds that count."""

_SLICES: Final = 20
_EACH: Final = SPAN / _SLICES
"""Seconds whose answers are dropped together."""

_Name = tuple[str, str]
_Counts = defaultdict[_Name, Counter[Outcome]]


class Lately:
    """Counts answers by target and outcome; its owner sees to it that one thread at a time does.

    An answer counts for the target that is kept fresh and is nearest above it, or is it. What lies beneath none is
    not counted: what callers ask for does not make this grow.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._kept: frozenset[_Name] = frozenset()
        self._slices: deque[tuple[float, _Counts]] = deque(maxlen=_SLICES)
        self._counts: _Counts = defaultdict(Counter)
        self._until = 0.0

    def follow(self, targets: Iterable[Target]) -> None:
        """Count for these from now on."""
        self._kept = frozenset((target.registry, target.path) for target in targets)

    def note(self, target: Target, outcome: Outcome) -> None:
        """Count an answer to somebody who has asked for ``target``."""
        name = (target.registry, target.path)
        while name not in self._kept:
            if not name[1]:
                return
            name = (name[0], name[1].rpartition("/")[0])
        if (now := self._monotonic()) >= self._until:
            self._begin(now)
        self._counts[name][outcome] += 1

    def of(self, target: Target) -> Mapping[str, int]:
        """Return how many got what, in the last :data:`SPAN` seconds."""
        name, before = (target.registry, target.path), self._monotonic() - SPAN
        found = Counter[str]()
        for until, counts in self._slices:
            if until > before and name in counts:
                found.update(counts[name])
        return found

    def _begin(self, now: float) -> None:
        """Begin a slice of time, and drop the oldest."""
        self._until, self._counts = now + _EACH, defaultdict(Counter)
        self._slices.append((self._until, self._counts))
