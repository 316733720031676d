"""A fleet that starts at once, and a token service that gives so many tokens a second: in virtual time.

ECR gives 20 a second after a burst of 200, for an account and region
(https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html), and answers others with a
``ThrottlingException``.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from ocibroker.cache import Moment
from ocibroker.cache.trouble import Trouble, trouble
from ocibroker.errors import CredentialUnavailable

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
THROTTLED = CredentialUnavailable("GetAuthorizationToken was refused: ThrottlingException, status 400")


@dataclass
class TokenBucket:
    """Gives ``rate`` tokens a second, and ``burst`` at once."""

    rate: float = 20.0
    burst: float = 200.0
    level: float = 200.0
    at: float = 0.0

    def take(self, now: float) -> bool:
        self.level = min(self.burst, self.level + (now - self.at) * self.rate)
        self.at = now
        if self.level < 1:
            return False
        self.level -= 1
        return True


@dataclass
class Herd:
    """``nodes`` brokers whose callers do not give up: each asks again as soon as its broker lets it.

    ``ready`` is when each has its token, ``calls`` when any was asked for.
    """

    nodes: int
    seed: int
    within: float = 1.0
    ready: list[float] = field(default_factory=list)
    calls: list[float] = field(default_factory=list)

    def start(self) -> None:
        dice, bucket = Random(self.seed), TokenBucket()
        queue: list[tuple[float, int, Trouble | None]] = [
            (dice.uniform(0, self.within), node, None) for node in range(self.nodes)
        ]
        heapq.heapify(queue)
        while queue:
            now, node, before = heapq.heappop(queue)
            self.calls.append(now)
            if bucket.take(now):
                self.ready.append(now)
                continue
            moment = Moment(BEGIN + timedelta(seconds=now), now)
            failure = trouble(THROTTLED, moment, before, None, dice.uniform)
            heapq.heappush(queue, (now + failure.pause.total_seconds(), node, failure))
