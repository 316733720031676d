"""Connections by a route, and by a deadline where there is one: what each kind of them begins with."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable
from typing import Any

import httpcore

from ocibroker.deadline import Deadline
from ocibroker.transport.route import Route

Dial = Callable[[], httpcore.NetworkStream]


def seconds_of(timeout: object) -> float | None:
    """Return the seconds that are left of a deadline, or what a timeout says."""
    if isinstance(timeout, Deadline):
        return timeout.left()
    return timeout if isinstance(timeout, float | int) else None


class RoutedNetwork(httpcore.NetworkBackend):
    """Dials where the route says; ``opened`` does it, and returns what goes over the connection."""

    def __init__(self, route: Route, opened: Callable[[Dial], httpcore.NetworkStream]) -> None:
        self._route = route
        self._opened = opened
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
        return self._opened(
            lambda: self._network.connect_tcp(*to, seconds_of(timeout), local_address, socket_options)
        )


class RoutedStream(httpcore.NetworkStream):
    """Passes everything on to ``stream``."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what has come, at most so many bytes."""
        return self._stream.read(max_bytes, seconds_of(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it."""
        self._stream.write(buffer, seconds_of(timeout))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Shake hands; what goes over the connection then is a stream of its own."""
        return self._stream.start_tls(ssl_context, server_hostname, seconds_of(timeout))

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401  # httpcore's own signature
        """Return what is known of the connection."""
        return self._stream.get_extra_info(info)
