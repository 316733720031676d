"""Who was turned away, told to an operator: all of them in numbers, and of a flood as much as does no harm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ocibroker.events import Observe, PeerDenied, Report
from ocibroker.sidecar.deed import Audit, turned_away
from ocibroker.sidecar.denial import Reason
from ocibroker.sidecar.listener import ListenerName
from ocibroker.sidecar.peer import Peer
from ocibroker.sidecar.rates import Rates

_RATE: Final = 0.1
_AT_ONCE: Final = 10
"""How often one caller who is turned away for one reason is told of: so many times a second, and at once."""


class Complaints:
    """``count`` is told of each, ``report`` and ``audit`` of what the rate lets through."""

    def __init__(self, count: Observe, report: Report, audit: Audit, monotonic: Callable[[], float]) -> None:
        self._count, self._report, self._audit = count, report, audit
        self._rates = Rates(_RATE, _AT_ONCE, monotonic)

    def __call__(self, listener: ListenerName, peer: Peer, reason: Reason) -> None:
        """Tell of it."""
        event = PeerDenied(reason=reason, listener=listener, peer=str(peer))
        if self._rates.wait(f"{reason} {peer.key}"):
            self._count(event)
            return
        self._report(event)
        self._audit(listener, peer, turned_away(reason))
