"""A connection to one host for what is not HTTP: with that host's own trust, and each step by a deadline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from ocibroker.deadline import Deadline
from ocibroker.errors import ConnectionFailed
from ocibroker.origin import Origin
from ocibroker.tls import Material
from ocibroker.transport.faults import FAULTS, WHOSE, fault
from ocibroker.transport.network import DeadlineNetwork
from ocibroker.transport.route import Route

T = TypeVar("T")

_PART: Final = 64 * 1024


class Stream:
    """Bytes to and from ``origin``. Errors are :class:`~ocibroker.errors.ConnectionFailed`.

    There is TLS where the origin has the scheme ``https``, by ``material``. A proxy is never used. The resolver
    escapes the deadline: who cannot wait for it opens a stream in a thread.
    """

    def __init__(self, origin: Origin, material: Material, route: Route, deadline: Deadline) -> None:
        self._origin = origin
        self._stream = self._tried(
            lambda: DeadlineNetwork(route, origin).connect_tcp(origin.dial_host, origin.port, deadline.left())
        )
        if origin.scheme == "https":
            begun, context = self._stream, material.context()
            self._stream = self._tried(lambda: begun.start_tls(context, origin.dial_host, deadline.left()))

    def send(self, data: bytes, deadline: Deadline) -> None:
        """Send all of ``data``."""
        self._tried(lambda: self._stream.write(data, deadline.left()))

    def receive(self, deadline: Deadline) -> bytes:
        """Return what has come, at least one byte."""
        part = self._tried(lambda: self._stream.read(_PART, deadline.left()))
        if not part:
            raise ConnectionFailed("broke the connection", culprit=str(self._origin), hint="try again")
        return part

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def _tried(self, step: Callable[[], T]) -> T:
        try:
            return step()
        except FAULTS as error:
            failure = fault(error, self._origin, WHOSE, answered=True)
        raise failure
