"""The faults in their order, spread over the time that there is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from tests.simulation.day import Weather
from tests.soak import faults, pressure
from tests.soak.scene import Fault, Scene

_QUIET: Final = 0.05, 0.1
"""The shares of the time before the first fault and after the last."""
_HOLD: Final = 0.3
"""The share of the time until the next one that a fault lasts, less than the life that any token has left."""


@dataclass(frozen=True)
class Planned:
    """``least`` is how many seconds it lasts at least, to be a fault at all, and ``most`` how many at most.

    With ``absent`` nobody serves meanwhile; ``upstream`` is what the reference model takes it for.
    """

    name: str
    fault: Fault
    least: float = 0.7
    most: float = 60.0
    absent: bool = False
    upstream: Weather = "fair"


@dataclass(frozen=True)
class Span:
    """When a fault began and ended, in the seconds of ``time.time``."""

    planned: Planned
    begin: float
    end: float

    @property
    def name(self) -> str:
        return self.planned.name

    def overlaps(self, begin: float, end: float) -> bool:
        """Whether it goes on at any moment between these."""
        return begin <= self.end and self.begin <= end


PLAN: Final = (
    Planned("the sidecar is killed and started again", faults.killed, least=0.0, most=0.0, absent=True),
    Planned("`SIGHUP`, the configuration is in order", faults.reloaded),
    Planned("the token service answers 503", partial(faults.weather, "down"), upstream="refused"),
    Planned("it answers 429 with `Retry-After`", partial(faults.weather, "throttled"), upstream="refused"),
    Planned("the listener's certificate is exchanged", faults.own_certificate_exchanged),
    Planned("it answers slowly", partial(faults.weather, "slow")),
    Planned("one identity is revoked", faults.revoked, least=7.0),
    Planned("its connections are reset", partial(faults.weather, "hanging up"), upstream="outage"),
    Planned("callers are killed in the middle of a question", pressure.callers_killed),
    Planned("its authority is exchanged", faults.authority_exchanged, least=1.0),
    Planned("no file descriptors are left", pressure.without_descriptors, upstream="outage"),
    Planned("`SIGHUP`, the configuration is wrong", faults.reloaded_badly),
    Planned("one caller floods it", pressure.flooded, most=5.0),
    Planned("it is not to be reached", partial(faults.weather, "unreachable"), upstream="outage"),
    Planned("the log's disk is full", pressure.log_full),
)


def conducted(seconds: float, scene: Scene) -> Iterator[Span]:
    """Have each happen within so many seconds, and yield when it did."""
    before, after = (share * seconds for share in _QUIET)
    begin, apart = time.time() + before, (seconds - before - after) / len(PLAN)
    for turn, planned in enumerate(PLAN):
        scene.pause(begin + turn * apart - time.time())
        began = time.time()
        with planned.fault(scene):
            scene.pause(min(max(_HOLD * apart, planned.least), planned.most))
        yield Span(planned, began, time.time())
    scene.pause(begin + len(PLAN) * apart + after - time.time())
