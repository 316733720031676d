"""All that a broker sends by, made at the first request."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, Self

from ocibroker.clock import Clock
from ocibroker.events import Report
from ocibroker.target import Target
from ocibroker.tls import TLSPolicies
from ocibroker.transport.presented import Presented
from ocibroker.transport.rate_limits import RateLimits
from ocibroker.transport.route import Route
from ocibroker.transport.wire import Wire

if TYPE_CHECKING:
    import httpx

    from ocibroker.transport.caller import CallerTransport
    from ocibroker.transport.pools import Pools


class Connections:
    """A wire over connections of the broker's own; the broker owns it.

    Until something is sent it imports no httpx: an answer that is remembered needs none. ``limits`` are what the
    hosts have said of theirs, ``presented`` what certificates they have shown.
    """

    def __init__(
        self,
        policies: TLSPolicies,
        route: Route,
        clock: Clock,
        report: Report,
        *,
        limits: RateLimits | None = None,
        presented: Presented | None = None,
    ) -> None:
        self.policies: Final = policies
        self.limits: Final = limits or RateLimits(clock, report)
        self.presented: Final = presented or Presented(clock)
        self._route = route
        self._clock = clock
        self._report = report
        self._lock = threading.Lock()
        self._pools: Pools | None = None
        self._wire: Wire | None = None

    @property
    def whose(self) -> str:
        """Whose TLS it is, for error texts."""
        return self._made().whose

    def send(self, request: httpx.Request) -> httpx.Response:
        """Return the response, its body unread."""
        return self._made().send(request)

    async def send_async(self, request: httpx.Request) -> httpx.Response:
        """Return the response, its body unread."""
        return await self._made().send_async(request)

    async def rest(self) -> None:
        """Close what is idle and belongs to the running event loop."""
        if self._wire is not None:
            await self._wire.rest()

    def at_hand(self, target: Target) -> bool:
        """Whether it is quick to look at the policy of the target's host: nothing has to be read first."""
        return self.policies.at_hand(target)

    def under(self, policies: TLSPolicies) -> Self:
        """Return connections of the same kind under other policies; they share none with these."""
        return type(self)(
            policies, self._route, self._clock, self._report, limits=self.limits, presented=self.presented
        )

    def of_caller(self, mark: CallerTransport) -> Wire:
        """Return a wire over the caller's own transport."""
        from ocibroker.transport.caller import CallerWire

        return self._repeating(CallerWire(mark))

    def forked(self) -> None:
        """Begin anew in a child: its parent goes on using the connections."""
        self._lock = threading.Lock()
        if self._pools is not None:
            self._pools.forked()

    def close(self) -> None:
        """Close all connections that threads use; those in use are closed by their last user."""
        with self._lock:
            pools = self._pools
        if pools is not None:
            pools.close()

    def _made(self) -> Wire:
        with self._lock:
            if self._wire is None:
                from ocibroker.transport.observed import ObservedWire
                from ocibroker.transport.pools import Pools

                self._pools = Pools(self.policies, self._route, self.presented.note)
                observed = ObservedWire(self._pools, self._report, self._clock, self.limits)
                self._wire = self._repeating(observed)
            return self._wire

    def _repeating(self, wire: Wire) -> Wire:
        from ocibroker.transport.retry import Retry, RetryingWire

        return RetryingWire(wire, Retry(self._clock))
