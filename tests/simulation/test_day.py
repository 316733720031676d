"""A thousand keys and a day of trouble: nothing expired is given out, and no call is made that need not be."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import pytest

from ocibroker import Anonymous
from ocibroker.answers import Answers
from ocibroker.cache import Task
from ocibroker.deadline import Deadline
from ocibroker.demand import Demand
from ocibroker.errors import OcibrokerError
from ocibroker.events import Report
from ocibroker.fetching import Fetching
from ocibroker.inquiry import Inquiry
from ocibroker.means import Means
from ocibroker.provider import Identity, Options, Target
from ocibroker.scratch import Scratch
from ocibroker.selection import Selection
from ocibroker.testing.answering import AnsweringWire
from ocibroker.tls import TLSPolicies
from ocibroker.transport import Connections, direct
from tests.simulation.day import Ask, Day, drawn
from tests.simulation.model import Model
from tests.simulation.upstream import Upstream
from tests.simulation.virtual_clock import VirtualClock

KEYS = 1000
ASKS = 100_000
LONGEST_PAUSE = 300.0


def at_once(labour: Task, name: str) -> None:
    labour()


def nobody(request: object) -> object:
    raise AssertionError(f"nothing is sent: {request}")


@dataclass
class World:
    """A broker's answers in virtual time: a worker works at once, so that a day is the same each time."""

    day: Day
    dice: Random
    clock: VirtualClock = field(default_factory=VirtualClock)
    served: int = 0
    refused: list[float] = field(default_factory=list)
    expired: int = 0

    def __post_init__(self) -> None:
        self.upstream = Upstream(self.day, self.clock)
        self.answers = Answers(self.clock, start=at_once, draw=self.dice.uniform)
        policies = TLSPolicies((), environ={}, monotonic=self.clock.monotonic, scratch=Scratch())
        means = Means({}, self.clock, policies, AnsweringWire(nobody))  # type: ignore[arg-type]
        self.inquiries = [self._inquiry(f"key{key}", policies, means) for key in range(len(self.day.lives))]

    def _inquiry(self, path: str, policies: TLSPolicies, means: Means) -> Inquiry:
        target, options = Target("registry.test", path), Options()
        return Inquiry(
            target=target,
            origin=target.origin,
            selection=Selection(provider=self.upstream, options=options, why="it is simulated"),
            footing=Connections(policies, direct, self.clock, Report()),
            trust=policies.contents(target.origin),
            fetching=Fetching(provider=self.upstream, target=target, options=options, caller=None, means=means),
            identity=Identity((path,)),
            key=path,
        )

    def live(self) -> None:
        for event in self.day.events:
            self.clock.until(event.at)
            if isinstance(event, Ask):
                self._ask(self.inquiries[event.key], event.min_ttl)
            else:
                self.clock.step += event.by

    def _ask(self, inquiry: Inquiry, min_ttl: float) -> None:
        try:
            demand = Demand(timedelta(seconds=min_ttl))
            known = self.answers.remembered(inquiry, demand)
            found = known or self.answers.fetch(inquiry, demand, Deadline.after(30.0, self.clock.monotonic))
        except OcibrokerError:
            self.refused.append(self.clock.true)
            return
        assert not isinstance(found, Anonymous)
        self.served += 1
        self.expired += float(found.secret.reveal()) <= self.clock.true


@pytest.mark.fault(4, 15, 16)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_day_with_outages_throttling_steps_of_the_clock_and_a_sleep(seed: int) -> None:
    day = drawn(seed, keys=KEYS, asks=ASKS)
    world = World(day, Random(seed))
    world.live()
    assert world.expired == 0
    assert world.served + len(world.refused) == ASKS
    assert not [at for at in world.refused if day.calm(at, LONGEST_PAUSE)]
    assert world.upstream.calls == Model(day, Random(seed)).live()


@pytest.mark.fault(4)
def test_after_an_outage_there_is_no_storm() -> None:
    """In the minute after one, no key is asked for more often than a token of a minute's life needs it."""
    day = drawn(4, keys=KEYS, asks=ASKS)
    world = World(day, Random(4))
    world.live()
    for _, end, _ in day.storms:
        calls = Counter(key for at, key in world.upstream.calls if end <= at < end + 60)
        assert max(calls.values(), default=0) <= 3
    in_a_minute = Counter((key, at // 60) for at, key in world.upstream.calls)
    assert max(in_a_minute.values()) <= 7  # pauses of 1, 2, 4, … seconds


def test_the_model_would_notice_a_broker_that_calls_too_often() -> None:
    day = drawn(5, keys=10, asks=1000)
    model = Model(day, Random(5)).live()
    assert model != Model(day, Random(6)).live()
    assert len(model) < 1000
