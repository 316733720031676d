"""Connections on which a deadline is total.

httpcore hands the timeout of an operation down to the socket. Where that timeout is a
:class:`~ocibroker.deadline.Deadline`, each read and write gets only what is left of it, so that a server which
sends one byte a second cannot outlast it. The resolver is the one step that no deadline reaches.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable
from typing import Any

import httpcore

from ocibroker.deadline import Deadline

Route = Callable[[str, int], tuple[str, int]]
"""Maps a host and port to where they are really dialled, as curl's ``--connect-to``; names stay verified."""


def direct(host: str, port: int) -> tuple[str, int]:
    """Dial what was asked for."""
    return host, port


def _seconds(timeout: object) -> float | None:
    if isinstance(timeout, Deadline):
        return timeout.left()
    return timeout if isinstance(timeout, float | int) else None


class DeadlineNetwork(httpcore.NetworkBackend):
    """Opens connections by a route; every operation ends with the deadline."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._network = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Open a connection to where the route says that ``host`` and ``port`` are."""
        to = self._route(host, port)
        seconds = _seconds(timeout)
        return _Stream(self._network.connect_tcp(*to, seconds, local_address, socket_options))


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _seconds(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _seconds(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, _seconds(timeout)))

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401  # httpcore's own signature
        return self._stream.get_extra_info(info)


class AsyncDeadlineNetwork(httpcore.AsyncNetworkBackend):
    """The same for an event loop."""

    def __init__(self, route: Route) -> None:
        self._route = route
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
        seconds = _seconds(timeout)
        return _AsyncStream(await self._network.connect_tcp(*to, seconds, local_address, socket_options))


class _AsyncStream(httpcore.AsyncNetworkStream):
    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._stream.read(max_bytes, _seconds(timeout))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, _seconds(timeout))

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        return _AsyncStream(await self._stream.start_tls(ssl_context, server_hostname, _seconds(timeout)))

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401  # httpcore's own signature
        return self._stream.get_extra_info(info)
