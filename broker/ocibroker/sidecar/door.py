"""A socket that listens, and who may come in there."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ocibroker.config import Address
from ocibroker.sidecar.entrance import CLOSED, Entrance
from ocibroker.sidecar.listener import Listener, ListenerName, nobody
from ocibroker.sidecar.peer import Peer
from ocibroker.sidecar.tcp_socket import hosts_of, is_loopback

_LOG: Final = logging.getLogger("ocibroker.sidecar")


def nothing() -> None:
    """Do nothing."""


@dataclass(slots=True, kw_only=True, eq=False)
class Door:
    """``entrance`` says who may come in, and another configuration has another one.

    ``hosts`` are what callers write as ``Host`` in any case, and ``everywhere`` is the port of all addresses.
    ``inherited`` is a socket that somebody else keeps open: who waits there is left to the next process.
    ``path`` is what a Unix socket of our own is called; ``withdraw`` takes that name away, so that nobody new
    finds it.
    """

    name: ListenerName
    socket: socket.socket
    hosts: frozenset[str]
    entrance: Entrance
    everywhere: int | None = None
    inherited: bool = False
    path: Path | None = None
    withdraw: Callable[[], None] = nothing
    listener: Listener = field(init=False)

    def __post_init__(self) -> None:
        self.renew(self.entrance)

    def renew(self, entrance: Entrance) -> None:
        """Let in whom ``entrance`` says from now on, and let nobody else stay who is in.

        Where that one would let the network in without a client certificate, nobody is let in: another address
        needs another start. Of a token for actions that is of no effect here a warning tells.
        """
        if not self.is_local and entrance.names is None and self.name != "admin" and not is_loopback(self.address):
            _LOG.warning("nobody is let in at %s until the next start", self)
            entrance = CLOSED
        if self.name == "admin" and entrance.administers is not nobody and not is_loopback(self.address):
            _LOG.warning("sidecar.admin_bearer is of no effect at %s", self)
        self.entrance = entrance
        more = hosts_of(self.address, entrance.hosts) if entrance.hosts else frozenset()
        self.listener = Listener(
            name=self.name,
            hosts=self.hosts | more,
            everywhere=self.everywhere,
            admits=entrance.admits,
            administers=entrance.administers,
        )

    @property
    def is_local(self) -> bool:
        """Whether it is a Unix socket, whose callers the kernel names."""
        return self.name == "socket"

    @property
    def address(self) -> Address:
        """Where a TCP socket listens, whoever has decided that: a configuration, a supervisor, the system."""
        host, port = self.socket.getsockname()[:2]
        return Address(host=host, port=port)

    def __str__(self) -> str:
        return str(self.path or (self.socket.getsockname() if self.is_local else self.address))

    def admits(self, peer: Peer) -> bool:
        """Whether that one may connect, by the user that the kernel or the names that the handshake has told."""
        said = self.entrance
        if said.uids is not None:
            return peer.uid in said.uids
        return said.names is None or not said.names.isdisjoint(peer.names)
