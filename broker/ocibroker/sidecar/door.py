"""A socket that listens, and who may come in there."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ocibroker.config import Address
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
    ``path`` is what a Unix socket of our own is called; ``withdraw`` takes that name away, so that nobody new
    finds it.
    """

    socket: socket.socket
    listener: Listener
    uids: frozenset[int] | None = None
    certificates: Certificates | None = None
    names: frozenset[str] | None = None
    inherited: bool = False
    path: Path | None = None
    withdraw: Callable[[], None] = nothing

    @property
    def address(self) -> Address:
        """Where a TCP socket listens, whoever has decided that: a configuration, a supervisor, the system."""
        host, port = self.socket.getsockname()[:2]
        return Address(host=host, port=port)

    def __str__(self) -> str:
        return str(self.path or (self.socket.getsockname() if self.uids is not None else self.address))

    def admits(self, peer: Peer) -> bool:
        """Whether that one may connect, by the user that the kernel or the names that the handshake has told."""
        if self.uids is not None:
            return peer.uid in self.uids
        return self.names is None or not self.names.isdisjoint(peer.names)
