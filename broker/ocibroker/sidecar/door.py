"""A socket that listens, and who may come in there."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass

from ocibroker.sidecar.certificates import Certificates
from ocibroker.sidecar.listener import Listener
from ocibroker.sidecar.peer import Peer


def nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Door:
    """``uids`` are the users who may connect to a Unix socket; none for TCP.

    With ``certificates`` it speaks TLS, and with ``names`` a caller's certificate must hold one of them.
    ``inherited`` is a socket that somebody else keeps open: who waits there is left to the next process.
    ``withdraw`` takes its name away, so that nobody new finds it.
    """

    socket: socket.socket
    listener: Listener
    uids: frozenset[int] | None = None
    certificates: Certificates | None = None
    names: frozenset[str] | None = None
    inherited: bool = False
    withdraw: Callable[[], None] = nothing

    def admits(self, peer: Peer) -> bool:
        """Whether that one may connect, by the user that the kernel or the names that the handshake has told."""
        if self.uids is not None:
            return peer.uid in self.uids
        return self.names is None or not self.names.isdisjoint(peer.names)
