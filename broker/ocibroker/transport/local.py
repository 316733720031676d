"""HTTP over a Unix socket, to a process of this machine that root or the same user runs."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterable, Mapping
from typing import Final

import httpcore
import httpx

from ocibroker.deadline import Deadline
from ocibroker.errors import ConnectionFailed, DeadlineExceeded, OcibrokerError
from ocibroker.transport.bounded import read_whole
from ocibroker.transport.network import seconds_of, timed

_MOST: Final = 32
_IDLE: Final = 4.0
"""Connections at most, and seconds that an idle one is kept."""
_CREDENTIALS: Final = (1, getattr(socket, "SO_PEERCRED", 17), 12) if sys.platform == "linux" else (0, 1, 76)
"""Level, name and size of what the kernel says of a peer; on macOS it is LOCAL_PEERCRED."""
_BROKEN: Final = (httpcore.ReadError, httpcore.WriteError, httpcore.ProtocolError)
_FAULTS: Final = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError, OcibrokerError)


class LocalClient:
    """Posts to the process that listens at ``path``, and keeps connections to it. Safe for threads."""

    def __init__(self, path: str) -> None:
        self.path: Final = path
        self._core = httpcore.ConnectionPool(
            uds=path,
            max_connections=_MOST,
            max_keepalive_connections=_MOST,
            keepalive_expiry=_IDLE,
            network_backend=_Network(path),
        )

    def post(self, place: str, body: bytes, headers: Mapping[str, str], deadline: Deadline) -> httpx.Response:
        """Return the whole answer.

        Raises :class:`~ocibroker.errors.ConnectionFailed` that names the socket, where nobody answers or somebody
        else's process does, and :class:`~ocibroker.errors.DeadlineExceeded`.
        """
        try:
            return self._posted(place, body, headers, deadline)
        except _BROKEN:
            pass  # it has closed a connection that was idle, or was just started anew
        except _FAULTS as error:
            raise self._failure(error) from None
        try:
            return self._posted(place, body, headers, deadline)
        except _FAULTS as error:
            raise self._failure(error) from None

    def close(self) -> None:
        """Close the connections."""
        self._core.close()

    def _posted(self, place: str, body: bytes, headers: Mapping[str, str], deadline: Deadline) -> httpx.Response:
        sent = {"Host": "ocibroker", "Content-Length": str(len(body)), **headers}
        limits = {"pool": deadline.left(), "connect": deadline, "read": deadline, "write": deadline}
        url = httpcore.URL(scheme="http", host="ocibroker", port=80, target=place)
        answer = self._core.handle_request(
            httpcore.Request("POST", url, headers=[*sent.items()], content=body, extensions={"timeout": limits})
        )
        stream = _Closing(answer)
        return read_whole(httpx.Response(answer.status, headers=answer.headers, stream=stream))

    def _failure(self, error: Exception) -> OcibrokerError:
        if isinstance(error, httpcore.TimeoutException | TimeoutError | DeadlineExceeded):
            return DeadlineExceeded("the sidecar did not answer in time", culprit=self.path, hint="allow more time")
        if isinstance(error, OcibrokerError):
            return error.restated()
        return ConnectionFailed("no sidecar answers", culprit=self.path, hint="start `ocibroker serve`")


class _Closing(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterable[bytes]:  # type: ignore[override]  # httpcore says Iterable, httpx Iterator
        return iter(self._answer.iter_stream())

    def close(self) -> None:
        self._answer.close()


class _Network(httpcore.NetworkBackend):
    """Connects, and goes no further where the kernel names another user than root and this one."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._network = httpcore.SyncBackend()

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Open the connection."""
        stream = self._network.connect_unix_socket(path, seconds_of(timeout), socket_options)
        uid = peer_uid(stream.get_extra_info("socket"))
        if uid in {0, os.geteuid()}:
            return timed(stream)
        stream.close()
        raise ConnectionFailed(f"belongs to the user {uid}, who is neither root nor the caller", culprit=self._path)


def peer_uid(connected: socket.socket) -> int:
    """Return who has bound the other end of a Unix socket, or connected it, as the kernel says."""
    return int.from_bytes(connected.getsockopt(*_CREDENTIALS)[4:8], sys.byteorder)
