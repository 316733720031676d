"""The same fleet with a store that it shares: the rules of its leases, in virtual time.

How often a node looks, how long a lease lasts and how failures are spaced is the code's own; the store is what its
scripts say, without the server.
"""

from __future__ import annotations

import heapq
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from ocibroker.cache import Moment
from ocibroker.cache.redis.lease import LIFE, pause
from ocibroker.cache.trouble import Trouble, trouble
from tests.simulation.herd import BEGIN, THROTTLED, TokenBucket

CALL = 0.2
"""Seconds that a call of the token service takes."""
PATIENCE = 15.0
"""Seconds: half of a caller's deadline, for which a node waits for another's turn."""

Steps = Generator[float, None, None]
"""What a node does; what it yields is the number of seconds until it goes on."""


@dataclass
class SharedHerd:
    """As a :class:`~tests.simulation.herd.Herd`; ``killed`` of those who hold the lease die while they ask.

    ``looks`` is when any node asked the store.
    """

    nodes: int
    seed: int
    within: float = 1.0
    killed: int = 0
    bucket: TokenBucket = field(default_factory=TokenBucket)
    ready: list[float] = field(default_factory=list)
    calls: list[float] = field(default_factory=list)
    looks: list[float] = field(default_factory=list)
    now: float = 0.0
    _shared: bool = False
    _leased: tuple[int, float] | None = None

    def __post_init__(self) -> None:
        self._dice = Random(self.seed)

    def start(self) -> None:
        queue = [(self._dice.uniform(0, self.within), node, self._node(node)) for node in range(self.nodes)]
        heapq.heapify(queue)
        while queue:
            self.now, node, steps = heapq.heappop(queue)
            if (wait := next(steps, None)) is not None:
                heapq.heappush(queue, (self.now + wait, node, steps))

    def _node(self, node: int) -> Steps:
        """Ask until there is a token, as a caller does who does not give up."""
        before: Trouble | None = None
        while True:
            held = yield from self._turn(node)
            if self._shared:
                break
            if held and self.killed:
                self.killed -= 1
                return
            self.calls.append(self.now)
            given = self.bucket.take(self.now)
            yield CALL
            if given:
                self._shared = True
                break
            if self._leased and self._leased[0] == node:
                self._leased = None
            moment = Moment(BEGIN + timedelta(seconds=self.now), self.now)
            before = trouble(THROTTLED, moment, before, None, self._dice.uniform)
            yield before.pause.total_seconds()
        self.ready.append(self.now)

    def _turn(self, node: int) -> Generator[float, None, bool]:
        """Return whether the lease is the node's."""
        end, looks = self.now + PATIENCE, 0
        while True:
            self.looks.append(self.now)
            if self._shared:
                return False
            if self._leased is None or self._leased[1] <= self.now:
                self._leased = node, self.now + LIFE
                return True
            if self.now >= end:
                return False
            yield pause(looks, self._dice.uniform)
            looks += 1
