"""Connections for those who say themselves how a host is trusted."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from typing import Final

from ocibroker.transport.connections import Connections
from ocibroker.trust import Trust

_MOST: Final = 256
_LOG: Final = logging.getLogger("ocibroker")


class TrustedConnections:
    """Beside ``common``, the broker's own: shared by those who trust the same host alike, and by nobody else."""

    def __init__(self, common: Connections) -> None:
        self._common = common
        self._lock = threading.Lock()
        self._made: OrderedDict[tuple[str, Trust], Connections] = OrderedDict()

    def of(self, host: str, trust: Trust) -> Connections:
        """Return connections that trust ``host``, as ``host[:port]``, as said; other hosts as everybody does.

        What is weakened is logged once. Raises :class:`~ocibroker.errors.TLSConfigurationError`.
        """
        with self._lock:
            if (known := self._made.get((host, trust))) is not None:
                self._made.move_to_end((host, trust))
                return known
        fresh = self._common.under(self._common.policies.trusting(host, trust))
        with self._lock:
            kept = self._made.setdefault((host, trust), fresh)
            crowded = self._made.popitem(last=False)[1] if len(self._made) > _MOST else None
        for warning in fresh.policies.warnings if kept is fresh else ():
            _LOG.warning("%s", warning)
        if crowded is not None:
            crowded.close()
        return kept

    async def rest(self) -> None:
        """Close what is idle and belongs to the running event loop."""
        for connections in self._all():
            await connections.rest()

    def forked(self) -> None:
        """Begin anew in a child: its parent goes on using the connections, and the files of authorities are its."""
        self._lock = threading.Lock()
        while self._made:
            self._made.popitem()[1].forked()

    def close(self) -> None:
        """Close all connections that threads use; those in use are closed by their last user."""
        for connections in self._all():
            connections.close()

    def _all(self) -> tuple[Connections, ...]:
        with self._lock:
            return tuple(self._made.values())
