"""All connections of a broker: a pool an origin, made from that origin's own policy."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import httpx

from ocibroker.origin import Origin
from ocibroker.tls import TLSPolicies
from ocibroker.transport.address import origin_of
from ocibroker.transport.faults import WHOSE
from ocibroker.transport.pool import AsyncPool, Line, Pool
from ocibroker.transport.presented import Note, unheeded
from ocibroker.transport.route import Route

if TYPE_CHECKING:
    import asyncio

_MOST: Final = 256
"""The most origins with open connections, for threads and for each event loop."""


class Pools:
    """Sends every request with the trust of the host that it goes to; the broker owns it.

    A pool whose policy or files have changed is closed after its last user. ``note`` is told what hosts present.
    """

    whose = WHOSE

    def __init__(self, policies: TLSPolicies, route: Route, note: Note = unheeded) -> None:
        self._policies = policies
        self._route = route
        self._note = note
        self._lock = threading.Lock()
        self._pools: OrderedDict[Origin, Pool] = OrderedDict()
        # Connections of an event loop die with it.
        self._loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, OrderedDict[Origin, AsyncPool]]
        self._loops = weakref.WeakKeyDictionary()

    def send(self, request: httpx.Request) -> httpx.Response:
        """Return the response, its body unread."""
        line = self._line(origin_of(request.url))
        pool = self._pool(line)
        while not pool.take():
            pool = self._pool(line)
        return pool.send(request)

    async def send_async(self, request: httpx.Request) -> httpx.Response:
        """Return the response, its body unread."""
        line = self._line(origin_of(request.url))
        pool = await self._async_pool(line)
        while not pool.take():
            pool = await self._async_pool(line)
        return await pool.send(request)

    async def rest(self) -> None:
        """Close the running event loop's idle connections; those in use are closed by their last user."""
        for pool in self._loops.pop(_running_loop(), OrderedDict()).values():
            await pool.retire()

    def forked(self) -> None:
        """Begin anew in a child: its parent goes on using the connections, and an event loop is its parent's."""
        self._lock = threading.Lock()
        while self._pools:
            self._pools.popitem()[1].abandon()
        self._loops = weakref.WeakKeyDictionary()

    def close(self) -> None:
        """Close all connections that threads use; those in use are closed by their last user."""
        with self._lock:
            pools = [self._pools.popitem()[1] for _ in range(len(self._pools))]
        for pool in pools:
            pool.retire()

    def _line(self, origin: Origin) -> Line:
        material = self._policies.for_origin(origin)
        proxy = material.policy.proxy
        return Line(origin, material, self._policies.for_origin(proxy.origin) if proxy else None)

    def _pool(self, line: Line) -> Pool:
        with self._lock:
            pool = self._pools.get(line.origin)
            if pool is not None and pool.line.digest == line.digest:
                self._pools.move_to_end(line.origin)
                return pool
            fresh = self._pools[line.origin] = Pool(line, self._route, self._note)
            crowded = self._pools.popitem(last=False)[1] if len(self._pools) > _MOST else None
        for given_up in (pool, crowded):
            if given_up is not None:
                given_up.retire()
        return fresh

    async def _async_pool(self, line: Line) -> AsyncPool:
        pools = self._loops.setdefault(_running_loop(), OrderedDict())
        pool = pools.get(line.origin)
        if pool is not None and pool.line.digest == line.digest:
            pools.move_to_end(line.origin)
            return pool
        fresh = pools[line.origin] = AsyncPool(line, self._route, self._note)
        crowded = pools.popitem(last=False)[1] if len(pools) > _MOST else None
        for given_up in (pool, crowded):
            if given_up is not None:
                await given_up.retire()
        return fresh


def _running_loop() -> asyncio.AbstractEventLoop:
    import asyncio  # slow, and a command needs none of it

    return asyncio.get_running_loop()
