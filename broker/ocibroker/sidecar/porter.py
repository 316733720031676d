"""Lets callers in at one door: none whom the kernel names as a stranger, and no more than there is room for."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Final

from ocibroker.peer_user import peer_user
from ocibroker.sidecar.certificates import context_of
from ocibroker.sidecar.connection import Connection
from ocibroker.sidecar.crowd import Crowd
from ocibroker.sidecar.denial import Denied
from ocibroker.sidecar.door import Door
from ocibroker.sidecar.limits import Limits
from ocibroker.sidecar.listener import ListenerName
from ocibroker.sidecar.peer import Peer
from ocibroker.sidecar.reserve import Reserve

_AT_ONCE: Final = 64
_LOG: Final = logging.getLogger("ocibroker.sidecar")


class Porter:
    """Accepts at ``door`` from :meth:`open` to :meth:`close`, and counts the connections in ``crowd``.

    Where descriptors are scarce it takes them from ``reserve`` if it is ``first``; if not, it waits until that is
    whole again.

    asyncio's own servers ask nobody before they accept; and uvloop's end where no file descriptor is left.
    """

    def __init__(
        self,
        door: Door,
        make: Callable[[Peer, Crowd], Connection],
        *,
        crowd: Crowd,
        limits: Limits,
        denied: Denied,
        reserve: Reserve,
        first: bool,
    ) -> None:
        self.crowd = crowd
        self._door, self._make = door, make
        self._limits, self._denied = limits, denied
        self._reserve, self.first = reserve, first
        self._context = context_of(door.entrance.certificates)
        self._loop = asyncio.get_running_loop()
        self._welcomes: set[asyncio.Task[None]] = set()
        self._pause: asyncio.TimerHandle | None = None

    @property
    def listener(self) -> ListenerName:
        """Whose callers it lets in."""
        return self._door.name

    def open(self) -> None:
        """Let callers in from now on."""
        self._pause = None
        self._loop.add_reader(self._door.socket, self._answer)

    def close(self) -> None:
        """Let nobody in any more; who waits at a socket of our own is the last."""
        self._stop()
        self._door.withdraw()
        if not self._door.inherited:
            while self._accept():
                pass
            self._stop()  # once more: for want of descriptors it may have made a pause

    def give_up(self) -> None:
        """Stop at once, and end what there is."""
        self._stop()
        for welcome in self._welcomes:
            welcome.cancel()
        for guest in self.crowd:
            guest.dismiss()

    def check(self, now: float) -> None:
        """Close what is overdue, and soon whoever came in by certificates that were exchanged."""
        for guest in self.crowd:
            guest.check(now)
        if (context := context_of(self._door.entrance.certificates)) is not self._context:
            self._context = context
            for guest in self.crowd:
                guest.shutdown()

    def _stop(self) -> None:
        self._loop.remove_reader(self._door.socket)
        if self._pause:
            self._pause.cancel()

    def _answer(self) -> None:
        for _ in range(_AT_ONCE):
            # Who is dismissed for a new one gives back his descriptor only when the loop goes on.
            if not self._accept() or self.crowd.full:
                return

    def _accept(self) -> bool:
        """Let one in; whether there may be another."""
        if not self.first and not self._reserve.refill():
            return self._lacking("the descriptors that are left are kept for the admin listener")
        try:
            connection, address = self._door.socket.accept()
        except (BlockingIOError, InterruptedError):
            return False
        except ConnectionError:  # it has left already
            return True
        except OSError as error:
            return (self.first and self._reserve.spend()) or self._lacking(str(error.strerror))
        connection.setblocking(False)  # noqa: FBT003  # its only argument
        self._greet(connection, address)
        return True

    def _lacking(self, why: str) -> bool:
        """Pause where the system can give no more connections; return false."""
        _LOG.warning("no connection is accepted for %s s: %s", self._limits.pause, why)
        self._stop()
        self._pause = self._loop.call_later(self._limits.pause, self.open)
        return False

    def _greet(self, connection: socket.socket, address: tuple[str, int] | str) -> None:
        peer = self._peer(connection, address)
        if self._door.is_local and not self._door.admits(peer):
            self._denied(self._door.name, peer, "uid")
        elif not self.crowd.has_room(peer.key):
            self._denied(self._door.name, peer, "connections")
        else:
            self._welcome(connection, peer)
            return
        connection.close()

    def _peer(self, connection: socket.socket, address: tuple[str, int] | str) -> Peer:
        """Return who it is; nobody, whom no Unix socket admits, where the kernel knows that no more."""
        if not self._door.is_local:
            return Peer(address=address[0])
        try:
            uid, pid, gid = peer_user(connection)
        except OSError:
            return Peer()
        return Peer(uid=uid, pid=pid or None, gid=gid)

    def _welcome(self, accepted: socket.socket, peer: Peer) -> None:
        connection = self._make(peer, self.crowd)
        self.crowd.enter(connection)
        welcome = self._loop.create_task(self._shake_hands(accepted, connection, peer))
        self._welcomes.add(welcome)
        welcome.add_done_callback(self._welcomes.discard)

    async def _shake_hands(self, accepted: socket.socket, connection: Connection, peer: Peer) -> None:
        context = context_of(self._door.entrance.certificates)
        seconds = self._limits.handshake if context else None
        try:
            await self._loop.connect_accepted_socket(
                lambda: connection,
                accepted,
                ssl=context,
                ssl_handshake_timeout=seconds,
                ssl_shutdown_timeout=seconds,
            )
        except OSError:
            self._denied(self._door.name, peer, "handshake")
        finally:
            if connection.transport is None:
                self.crowd.leave(connection)
                accepted.close()
