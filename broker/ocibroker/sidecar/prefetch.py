"""Targets that have a credential at any time, whether somebody asks or not."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from itertools import islice
from typing import Final

from ocibroker.cache import Draw, contained
from ocibroker.events import Event, Fetched
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
_AT_ONCE: Final = 100
"""Targets that are looked at without letting anybody else go on."""
_SOON: Final = 0.1
"""Seconds in which what callers had fetched is gathered before it is looked at."""

Sleep = Callable[[float], Awaitable[None]]


class Prefetch:
    """One task for each target; it asks only where a credential is missing or due, and rests after a failure."""

    def __init__(
        self, generations: Generations, *, sleep: Sleep = asyncio.sleep, draw: Draw = random.uniform
    ) -> None:
        self._generations = generations
        self._sleep = sleep
        self._draw = draw
        self._tasks: dict[Target, asyncio.Task[None]] = {}
        self._outlooks: dict[Target, Outlook] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._fetched: set[str] = set()

    @property
    def outlooks(self) -> Mapping[Target, Outlook]:
        """How things stood with each target when it was last looked at."""
        return self._outlooks

    def follow(self, generation: Generation) -> None:
        """Keep that generation's targets fresh from now on; what is fresh already is not fetched."""
        self.stop()
        targets = generation.config.sidecar.prefetch
        self._outlooks = {target: self._outlooks.get(target, Outlook()) for target in targets}
        self._loop = loop = asyncio.get_running_loop()
        self._tasks = {target: loop.create_task(self.keep_fresh(target)) for target in self._outlooks}

    def look_again(self, target: Target) -> None:
        """Look at once at ``target`` and its registry's others, of which somebody has changed something."""
        loop = asyncio.get_running_loop()
        beside = (one for one in self._tasks if one.registry == target.registry and one != target)
        for one in [*({target} & self._tasks.keys()), *islice(beside, _AT_ONCE)]:
            self._tasks[one].cancel()
            if one == target or not self._outlooks[one].anonymous:  # that is remembered for seconds only
                self._outlooks[one] = self._seen(one)
            self._tasks[one] = loop.create_task(self.keep_fresh(one, at_once=True))

    def heard(self, event: Event) -> None:
        """Be told of every event, in any thread: what a caller had fetched is there before its turn has come."""
        if isinstance(event, Fetched) and not event.error and self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._glance_soon, event.target.registry)

    def stop(self) -> None:
        """Keep nothing fresh any more; what is being fetched is left to itself."""
        for task in self._tasks.values():
            task.cancel()
        self._tasks = {}

    async def keep_fresh(self, target: Target, *, at_once: bool = False) -> None:
        """Keep one target fresh until cancelled; the first fetch begins within :data:`SPLAY`, or ``at_once``."""
        if not (at_once or self._outlooks.get(target, Outlook()).usable):
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
            return _wrong(target, error)

    def _glance_soon(self, registry: str) -> None:
        if not self._fetched:
            asyncio.get_running_loop().call_later(_SOON, self._glance)
        self._fetched.add(registry)

    def _glance(self) -> None:
        fetched, self._fetched = self._fetched, set()
        waiting = (one for one, stands in self._outlooks.items() if one.registry in fetched and not stands.usable)
        for target in [*islice(waiting, _AT_ONCE)]:
            self._outlooks[target] = self._seen(target)

    def _seen(self, target: Target) -> Outlook:
        try:
            with self._generations.lease() as generation:
                return generation.broker.upkeep.outlook(target)
        except Exception as error:  # noqa: BLE001  # as above
            return _wrong(target, error)


def _wrong(target: Target, error: Exception) -> Outlook:
    return Outlook(failures=1, error=contained(error, str(target)))


def _due(stands: Outlook) -> bool:
    return not stands.usable or (stands.renew_in == 0 and not stands.anonymous)


def _rest(stands: Outlook, misses: int) -> float:
    """Return the seconds until the next look."""
    if not _due(stands):
        return _GLANCE if stands.renew_in is None else min(max(stands.renew_in, _SHORTEST), _GLANCE)
    return min(max(stands.paused or min(2.0**misses, _LONGEST), _SHORTEST), _GLANCE)
