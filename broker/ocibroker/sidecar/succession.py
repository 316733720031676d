"""Generations that follow one another without a caller noticing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from ocibroker.clock import Clock
from ocibroker.errors import OcibrokerError
from ocibroker.events import Reloaded, Report
from ocibroker.sidecar.aside import aside
from ocibroker.sidecar.generation import Generation
from ocibroker.sidecar.notify import Notifier
from ocibroker.transport import Leases

Build = Callable[[int, Generation | None], Generation]
"""Makes the generation of that number, after another."""
Follow = Callable[[Generation], None]

_UNDER_WAY: Final = 30.0
"""Seconds that a fetch which nobody waits for any more may still take in a generation that is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """``number`` serves since ``since``; ``failure`` is what was wrong with the last reload, none if nothing."""

    number: int
    since: datetime
    failure: OcibrokerError | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Reign:
    generation: Generation
    leases: Leases = field(default_factory=Leases)
    over: Future[None] = field(default_factory=Future)

    def __post_init__(self) -> None:
        self.over.set_running_or_notify_cancel()  # who gives up waiting for it does not end it

    def end(self) -> None:
        if self.leases.retire():
            self.over.set_result(None)

    def leave(self) -> None:
        if self.leases.give_back():
            self.over.set_result(None)


class Succession:
    """Which generation serves, and what follows it; a generation's broker is closed after its last lease.

    Leases may be taken in any thread, all else belongs to one event loop.
    """

    def __init__(
        self, first: Generation, build: Build, *, clock: Clock, report: Report, notifier: Notifier | None = None
    ) -> None:
        self._reign = _Reign(first)
        self._build = build
        self._clock = clock
        self._report = report
        self._notifier = notifier or Notifier()
        self._turn = asyncio.Lock()
        self._burials: set[asyncio.Task[None]] = set()
        self._followers: list[Follow] = []
        self.standing = Standing(number=first.number, since=clock.now())

    @contextmanager
    def lease(self) -> Iterator[Generation]:
        """Have the one that serves now for a block: it is not closed meanwhile, though another may follow it."""
        reign = self._reign
        while not reign.leases.take():
            reign = self._reign
        try:
            yield reign.generation
        finally:
            reign.leave()

    def follow(self, follower: Follow) -> None:
        """Have ``follower`` told of every generation that serves from now on, as soon as it does."""
        self._followers.append(follower)

    async def reload(self) -> Generation:
        """Read the configuration anew and let it serve.

        Raises :class:`~ocibroker.errors.OcibrokerError` where it is wrong: the old one goes on serving then.
        """
        async with self._turn:
            self._notifier.reloading()
            try:
                return self._follows(await aside(self._next, "reload"))
            except OcibrokerError as error:
                failure = error.restated()
            finally:
                self._notifier.ready()
            self.standing = replace(self.standing, failure=failure)
            self._report(Reloaded(generation=self.standing.number, reason=failure))
            raise failure

    async def close(self, seconds: float) -> None:
        """Close every broker after its last lease, and after so many seconds in any case."""
        reign = self._reign
        reign.end()
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.wrap_future(reign.over), seconds)
        for burial in self._burials:
            burial.cancel()
        await asyncio.gather(*self._burials, return_exceptions=True)
        await reign.generation.broker.aclose()

    def _next(self) -> Generation:
        serving = self._reign.generation
        return self._build(serving.number + 1, serving)

    def _follows(self, new: Generation) -> Generation:
        old, self._reign = self._reign, _Reign(new)
        old.end()
        self.standing = Standing(number=new.number, since=self._clock.now())
        burial = asyncio.get_running_loop().create_task(_bury(old))
        self._burials.add(burial)
        burial.add_done_callback(self._burials.discard)
        for follower in self._followers:
            follower(new)
        self._report(Reloaded(generation=new.number))
        return new


async def _bury(reign: _Reign) -> None:
    broker = reign.generation.broker
    try:
        await asyncio.wrap_future(reign.over)
        await aside(lambda: broker.upkeep.settle(_UNDER_WAY), "settle")
    finally:
        await broker.aclose()
