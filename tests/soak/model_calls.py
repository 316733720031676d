"""How many tokens the reference model gets for the same questions, in the same weather."""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Final, Self

from tests.simulation.day import Ask, Day
from tests.simulation.model import Model
from tests.soak.asked import Asked
from tests.soak.evidence import Evidence
from tests.soak.question import MIN_TTL
from tests.soak.weather import Call

EARLIEST: Final = 0.5
"""The share of a token's life before which no other is asked for."""
_CLOCKS: Final = 0.05
"""Seconds by which the service's end of a token is off, since it is rounded and the answer takes a moment."""


class Loaded(Random):
    """Dice that always fall in the same way: ``share`` of what they may give."""

    def __init__(self, share: float) -> None:
        super().__init__(0)
        self._share = share

    def uniform(self, a: float, b: float) -> float:
        return a + (b - a) * self._share


@dataclass(frozen=True)
class Expected:
    """How many tokens the model gets: ``fewest`` and ``most`` by dice that always fall in one way."""

    fewest: int
    likely: int
    most: int

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        lives = [*_lives(evidence)]
        fewest, likely, most = (
            sum(_gets(day, dice) for day in lives) for dice in (Loaded(1.0), Random(1), Loaded(0.0))
        )
        return cls(fewest, likely, most)


def got(evidence: Evidence) -> list[Call]:
    """Return the calls that got a token for one of the many registries."""
    many = _many(evidence)
    return [one for one in evidence.calls if one.principal in many and one.status == 200 and one.at <= evidence.end]


def surplus(evidence: Evidence) -> int:
    """Return how many calls came earlier than the model makes them, after one that had got a token."""
    by_principal = defaultdict[str, list[Call]](list)
    for call in sorted(evidence.calls, key=lambda call: call.at):
        by_principal[call.principal].append(call)
    pairs = (pair for principal in _many(evidence) for pair in pairwise(by_principal[principal]))
    rest = EARLIEST * evidence.life - _CLOCKS
    return sum(
        one.status == 200 and another.at - one.at < rest and not one.at < evidence.began <= another.at
        for one, another in pairs
    )


def _many(evidence: Evidence) -> dict[str, int]:
    names = (name for host, name in evidence.hosts.items() if host != evidence.doomed)
    return {name: number for number, name in enumerate(names)}


def _lives(evidence: Evidence) -> Iterator[Day]:
    """Yield what happened to each of the two processes: what one remembers, the next does not."""
    numbers = _many(evidence)
    storms = tuple(
        (one.begin, one.end, one.planned.upstream) for one in evidence.spans if one.planned.upstream != "fair"
    )
    heard = (one for one in evidence.asked if not evidence.absent(one.at, one.at))
    asked = sorted((one for one in heard if evidence.hosts[one.host] in numbers), key=_moment)
    middle = bisect(asked, evidence.began, key=_moment)
    for part in (asked[:middle], asked[middle:]):
        asks = tuple(Ask(one.at, numbers[evidence.hosts[one.host]], MIN_TTL) for one in part)
        yield Day(asks, (evidence.life,) * len(numbers), storms)


def _gets(day: Day, dice: Random) -> int:
    calls = Model(day, dice).live()
    return sum(day.weather(at) == "fair" for at, _ in calls)


def _moment(asked: Asked) -> float:
    return asked.at
