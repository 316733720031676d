"""A day in the life of a broker: what happens when, drawn from a seed, so that each day can be lived again."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal

HOUR = 3600.0
DAY = 24 * HOUR
YEARS = 10 * 366 * DAY

Weather = Literal["fair", "outage", "refused", "throttled"]


@dataclass(frozen=True)
class Ask:
    """At ``at`` somebody asks for ``key`` and wants ``min_ttl`` seconds of life."""

    at: float
    key: int
    min_ttl: float


@dataclass(frozen=True)
class Step:
    """At ``at`` the wall clock is put ``by`` seconds on, or back."""

    at: float
    by: float


@dataclass(frozen=True)
class Day:
    """``lives`` are the seconds that a token of each key lives; ``storms`` are when a token service is in trouble.

    A machine that sleeps is one that nobody asks for a while: its ``events`` have a gap.
    """

    events: tuple[Ask | Step, ...]
    lives: tuple[float, ...]
    storms: tuple[tuple[float, float, Weather], ...]

    def calm(self, at: float, after: float) -> bool:
        """Whether there has been no storm for so many seconds."""
        return not any(begin <= at < end + after for begin, end, _ in self.storms)

    def weather(self, at: float) -> Weather:
        return next((kind for begin, end, kind in self.storms if begin <= at < end), "fair")


def drawn(seed: int, *, keys: int, asks: int) -> Day:
    """Return a day of ``asks`` for ``keys``, with outages, throttling, refusals, steps of the clock and a sleep."""
    dice = Random(seed)
    sleep = dice.uniform(2, 14) * HOUR, 8 * HOUR
    times = sorted(dice.uniform(0, DAY - sleep[1]) for _ in range(asks))
    awake = (at if at < sleep[0] else at + sleep[1] for at in times)
    wishes = (0.0, 60.0, 60.0, 600.0)
    events: list[Ask | Step] = [Ask(at, _popular(dice, keys), dice.choice(wishes)) for at in awake]
    events += [Step(dice.uniform(0, DAY), by) for by in (HOUR, -HOUR, -HOUR, HOUR, YEARS, -YEARS, 7.0, -3.0)]
    lives = tuple(dice.choice((60.0, 300.0, 900.0, HOUR, 3 * HOUR, 12 * HOUR)) for _ in range(keys))
    return Day(tuple(sorted(events, key=lambda event: event.at)), lives, _storms(dice))


def _popular(dice: Random, keys: int) -> int:
    """Return a key: a few of them are asked for often, most seldom."""
    return int(keys * dice.random() ** 3)


def _storms(dice: Random) -> tuple[tuple[float, float, Weather], ...]:
    kinds: tuple[Weather, ...] = ("outage", "throttled", "refused", "outage", "throttled")
    begins = (dice.uniform(0, DAY - HOUR) for _ in kinds)
    return tuple((begin, begin + dice.uniform(60, HOUR), kind) for begin, kind in zip(begins, kinds, strict=True))
