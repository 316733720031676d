"""Connections on which a deadline is total.

httpcore hands the timeout of an operation down to the socket. Where that timeout is a
:class:`~ocibroker.deadline.Deadline`, each read and write gets only what is left of it, so that a server which
sends one byte a second cannot outlast it. Two steps escape it: the resolver, and the handshake within a TLS
connection to a proxy, which httpcore limits by read.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any, Final

import httpcore

from ocibroker.origin import Origin
from ocibroker.transport.faults import FAULTS, WHOSE, fault
from ocibroker.transport.route import Route
from ocibroker.transport.routed import Dial, RoutedNetwork, RoutedStream, seconds_of

_RECORD: Final = 16 * 1024
"""Bytes: the most that a TLS record holds (RFC 8446, section 5.1)."""

Shook = Callable[[ssl.SSLContext, Any], None]
"""Is told by which context somebody shook hands, and of the connection as OpenSSL has it."""


def unheeded(context: ssl.SSLContext, secured: object) -> None:
    """Look at nothing."""


class DeadlineNetwork(RoutedNetwork):
    """Opens connections by a route; every operation ends with the deadline.

    ``near`` is whom they are opened to, the proxy where there is one: an error on the way there names it. ``shook``
    is told of each handshake.
    """

    def __init__(self, route: Route, near: Origin, shook: Shook = unheeded) -> None:
        super().__init__(route, partial(_opened, near, shook))


def _opened(near: Origin, shook: Shook, dial: Dial) -> httpcore.NetworkStream:
    try:
        stream = dial()
    except FAULTS as error:
        failure = fault(error, near, WHOSE)
    else:
        return _Stream(stream, shook, _secured(near))
    raise failure


def _secured(near: Origin) -> Origin | None:
    """Return whom the first handshake on a connection is with, if it is not the host behind a plain proxy."""
    return near if near.scheme == "https" else None


class _Stream(RoutedStream):
    """``near`` is whom its first handshake is with, ``tls`` the socket where it is TLS and nothing between."""

    def __init__(
        self,
        stream: httpcore.NetworkStream,
        shook: Shook,
        near: Origin | None = None,
        tls: ssl.SSLSocket | None = None,
    ) -> None:
        super().__init__(stream)
        self._shook = shook
        self._near = near
        self._tls = tls

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        part = super().read(max_bytes, timeout)
        return part if self._tls is None or len(part) < _RECORD else _gathered(part, self._tls, max_bytes)

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        try:
            secured = super().start_tls(ssl_context, server_hostname, timeout)
        except FAULTS as error:
            if self._near is None:
                raise
            failure = fault(error, self._near, WHOSE)
        else:
            self._shook(ssl_context, secured.get_extra_info("ssl_object"))
            # Within another TLS connection, to a proxy, the socket is the proxy's.
            return _Stream(secured, self._shook, tls=None if self._tls else secured.get_extra_info("socket"))
        raise failure


def _gathered(begun: bytes, socket: ssl.SSLSocket, most: int) -> bytes:
    """Return ``begun`` and what has already arrived behind it.

    One read gives one record at most, and all that happens to it on its way up costs more than reading it.
    """
    parts, size = [begun], len(begun)
    socket.settimeout(0)  # whoever reads or writes next sets it anew
    with suppress(OSError):  # nothing more is there yet; and a broken connection shows at the next read
        while size + _RECORD <= most and (part := socket.recv(_RECORD)):
            parts.append(part)
            size += len(part)
    return b"".join(parts)


class AsyncDeadlineNetwork(httpcore.AsyncNetworkBackend):
    """The same for an event loop."""

    def __init__(self, route: Route, near: Origin, shook: Shook = unheeded) -> None:
        self._route = route
        self._near = near
        self._shook = shook
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Open a connection to where the route says that ``host`` and ``port`` are."""
        to = self._route(host, port)
        seconds = seconds_of(timeout)
        try:
            stream = await self._network.connect_tcp(*to, seconds, local_address, socket_options)
        except FAULTS as error:
            failure = fault(error, self._near, WHOSE)
        else:
            return _AsyncStream(stream, self._shook, _secured(self._near))
        raise failure


class _AsyncStream(httpcore.AsyncNetworkStream):
    def __init__(self, stream: httpcore.AsyncNetworkStream, shook: Shook, near: Origin | None = None) -> None:
        self._stream = stream
        self._shook = shook
        self._near = near

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._stream.read(max_bytes, seconds_of(timeout))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, seconds_of(timeout))

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        try:
            secured = await self._stream.start_tls(ssl_context, server_hostname, seconds_of(timeout))
        except FAULTS as error:
            if self._near is None:
                raise
            failure = fault(error, self._near, WHOSE)
        else:
            self._shook(ssl_context, secured.get_extra_info("ssl_object"))
            return _AsyncStream(secured, self._shook)
        raise failure

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401  # httpcore's own signature
        return self._stream.get_extra_info(info)
