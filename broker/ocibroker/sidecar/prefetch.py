"""Targets that have a credential at any time, whether somebody asks or not."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from ocibroker.cache import Draw, contained
from ocibroker.outlook import Outlook
from ocibroker.sidecar.generation import Generation, Generations
from ocibroker.target import Target

SPLAY: Final = 5.0
"""Seconds within which first fetches begin, so that nodes that start together do not all ask at once."""

_GLANCE: Final = 60.0
"""Seconds between two looks at the latest: a clock may be set, a file exchanged, an entry evicted."""
_LONGEST: Final = 32.0
"""Seconds between two attempts at the latest where no failure says how long to wait."""
_SHORTEST: Final = 0.05

Sleep = Callable[[float], Awaitable[None]]


class Prefetch:
    """One task for each target; it asks only where a credential is missing or due, and rests after a failure."""

    def __init__(
        self, generations: Generations, *, sleep: Sleep = asyncio.sleep, draw: Draw = random.uniform
    ) -> None:
        self._generations = generations
        self._sleep = sleep
        self._draw = draw
        self._tasks: tuple[asyncio.Task[None], ...] = ()
        self._outlooks: dict[Target, Outlook] = {}

    @property
    def outlooks(self) -> Mapping[Target, Outlook]:
        """How things stood with each target when it was last looked at."""
        return self._outlooks

    def follow(self, generation: Generation) -> None:
        """Keep that generation's targets fresh from now on; what is fresh already is not fetched."""
        self.stop()
        targets = generation.config.sidecar.prefetch
        self._outlooks = {target: self._outlooks.get(target, Outlook()) for target in targets}
        loop = asyncio.get_running_loop()
        self._tasks = tuple(loop.create_task(self.keep_fresh(target)) for target in self._outlooks)

    def stop(self) -> None:
        """Keep nothing fresh any more; what is being fetched is left to itself."""
        for task in self._tasks:
            task.cancel()

    async def keep_fresh(self, target: Target) -> None:
        """Keep one target fresh until cancelled."""
        if not self._outlooks.get(target, Outlook()).usable:
            await self._sleep(self._draw(0.0, SPLAY))
        misses = 0
        while True:
            stands = self._outlooks[target] = await self._tended(target)
            misses = misses + 1 if _due(stands) else 0
            await self._sleep(_rest(stands, misses))

    async def _tended(self, target: Target) -> Outlook:
        try:
            with self._generations.lease() as generation:
                upkeep = generation.broker.upkeep
                stands = upkeep.outlook(target)
                return await upkeep.renew(target) if _due(stands) and not stands.paused else stands
        except Exception as error:  # noqa: BLE001  # whatever is wrong with one target, the others are kept fresh
            return Outlook(failures=1, error=contained(error, str(target)))


def _due(stands: Outlook) -> bool:
    return not stands.usable or (stands.renew_in == 0 and not stands.anonymous)


def _rest(stands: Outlook, misses: int) -> float:
    """Return the seconds until the next look."""
    if not _due(stands):
        return _GLANCE if stands.renew_in is None else min(max(stands.renew_in, _SHORTEST), _GLANCE)
    return min(max(stands.paused or min(2.0**misses, _LONGEST), _SHORTEST), _GLANCE)
