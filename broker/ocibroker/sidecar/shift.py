"""One run of the server, from the moment at which its doors are opened until the last connection has ended."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from typing import Final

from uvicorn.server import ServerState

from ocibroker.sidecar.connection import Connection, configured
from ocibroker.sidecar.crowd import Crowd
from ocibroker.sidecar.denial import Denied
from ocibroker.sidecar.door import Door
from ocibroker.sidecar.gate import Gate
from ocibroker.sidecar.limits import Limits
from ocibroker.sidecar.listener import ListenerName
from ocibroker.sidecar.peer import Peer
from ocibroker.sidecar.porter import Porter
from ocibroker.sidecar.reserve import Reserve, fair_share

_ADMINS: Final = 32
"""Connections of the admin listener, which nobody else can take."""

_LAST_WORDS: Final = 0.5
"""Seconds for a request that was cancelled; one that does not heed it is left behind."""

_LOG: Final = logging.getLogger("ocibroker.sidecar")


class Shift:
    """Made inside the event loop that it runs in."""

    def __init__(
        self, gate: Gate, doors: Sequence[Door], limits: Limits, *, denied: Denied, reserve: Reserve
    ) -> None:
        self._limits, self._denied, self._reserve = limits, denied, reserve
        self._repeat = gate.repeat
        self._loop = asyncio.get_running_loop()
        self._config, self._state = configured(gate), ServerState()
        share = fair_share(len(doors), limits.connections)
        self._porters = [self._porter(door, share) for door in doors]
        self._time: asyncio.Task[None] | None = None

    def guests(self) -> Iterator[tuple[ListenerName, int]]:
        """Return how many connections each door has."""
        for porter in self._porters:
            yield porter.listener, len(porter.crowd)

    def open(self) -> None:
        """Let callers in, and keep the time."""
        for porter in self._porters:
            porter.open()
        self._time = self._loop.create_task(self._keep_time())

    async def finish(self, grace: float) -> None:
        """Let no caller in any more, and wait until all have left, for at most ``grace`` seconds.

        The admin listener goes last: who asks meanwhile is told that the process is about to end.
        """
        try:
            async with asyncio.timeout(grace):
                for first in (False, True):
                    await _emptied([porter for porter in self._porters if porter.first is first])
        except TimeoutError:
            left = sum(len(porter.crowd) for porter in self._porters)
            _LOG.warning("%s connections are cut off after %s s", left, grace)

    async def cut_off(self) -> None:
        """End whatever is left."""
        if self._time:
            self._time.cancel()
        for porter in self._porters:
            porter.give_up()
        await asyncio.sleep(0)  # until each connection knows that it has ended
        for task in self._state.tasks:
            task.cancel()
        if self._state.tasks:
            await asyncio.wait(self._state.tasks, timeout=_LAST_WORDS)

    def _porter(self, door: Door, share: int) -> Porter:
        admin = door.listener.name == "admin"
        return Porter(
            door,
            lambda peer, crowd: self._connection(door, peer, crowd),
            crowd=Crowd(_ADMINS, _ADMINS) if admin else Crowd(share, self._limits.connections_each),
            limits=self._limits,
            denied=self._denied,
            reserve=self._reserve,
            first=admin,
        )

    def _connection(self, door: Door, peer: Peer, crowd: Crowd) -> Connection:
        return Connection(
            self._config,
            self._state,
            door=door,
            peer=peer,
            crowd=crowd,
            limits=self._limits,
            denied=self._denied,
            repeat=self._repeat,
        )

    async def _keep_time(self) -> None:
        while True:
            await asyncio.sleep(self._limits.tick)
            now = self._loop.time()
            for porter in self._porters:
                porter.check(now)


async def _emptied(porters: Sequence[Porter]) -> None:
    for porter in porters:
        porter.close()
        for guest in porter.crowd:
            guest.shutdown()
    for porter in porters:
        await porter.crowd.empty.wait()
