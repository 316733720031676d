"""Sleep that takes no time: the clock moves instead."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.transport.hand_clock import HandClock


@dataclass
class VirtualSleep:
    """Ends who sleeps when ``until`` seconds have passed; ``meanwhile`` is called after each sleep."""

    clock: HandClock
    until: float
    meanwhile: Callable[[], None] = lambda: None
    slept: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._end = self.clock.monotonic() + self.until

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.move(seconds)
        await asyncio.sleep(0)
        self.meanwhile()
        if self.clock.monotonic() >= self._end:
            raise asyncio.CancelledError
