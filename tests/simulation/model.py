"""The same rules once more, written down as simply as can be: what the broker must do, call by call.

It shares no code with the broker but the numbers of the design (section 6), and draws from the same dice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from tests.simulation.day import Ask, Day, Step

SKEW = 10.0
PAUSES = {"outage": (1.0, 300.0), "refused": (5.0, 60.0)}
TOLD = 120.0


@dataclass
class Token:
    got: float
    wall: float
    life: float
    share: float


@dataclass
class Key:
    token: Token | None = None
    failures: int = 0
    failed: tuple[float, float] = (0.0, 0.0)
    pause: float = 0.0


@dataclass
class Model:
    """Lives a day and writes down each call: when, and for which key."""

    day: Day
    dice: Random
    step: float = 0.0
    calls: list[tuple[float, int]] = field(default_factory=list)

    def live(self) -> list[tuple[float, int]]:
        keys = [Key() for _ in self.day.lives]
        for event in self.day.events:
            if isinstance(event, Step):
                self.step += event.by
            else:
                self.ask(event, keys[event.key])
        return self.calls

    def ask(self, ask: Ask, key: Key) -> None:
        now, wall, token = ask.at, ask.at + self.step, key.token
        if token is not None:
            spent = max(now - token.got, wall - token.wall)
            left = token.life - spent
            usable = left > min(SKEW, token.life / 10) and left > min(ask.min_ttl, token.life / 2)
            due = spent >= token.share * token.life or wall < token.wall
            if usable and not due:
                return
        if key.failures and max(now - key.failed[0], wall - key.failed[1]) < key.pause:
            return
        self.call(ask, key, now, wall)

    def call(self, ask: Ask, key: Key, now: float, wall: float) -> None:
        self.calls.append((now, ask.key))
        weather = self.day.weather(now)
        if weather == "fair":
            key.token = Token(now, wall, self.day.lives[ask.key], self.dice.uniform(0.5, 0.8))
            key.failures = 0
            return
        key.failures += 1
        key.failed = (now, wall)
        if weather == "throttled":
            key.pause = TOLD
            return
        first, longest = PAUSES[weather]
        key.pause = min(first * 2 ** (key.failures - 1), longest) * self.dice.uniform(0.5, 1.0)
