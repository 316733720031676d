"""HTTP over a Unix socket, to a process of this machine that root or the same user runs."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Mapping
from typing import Any, Final

import httpcore
import httpx

from ocibroker.deadline import Deadline
from ocibroker.errors import ConnectionFailed, DeadlineExceeded, OcibrokerError
from ocibroker.peer_user import peer_user
from ocibroker.socket_trouble import socket_trouble
from ocibroker.transport.bounded import read_whole
from ocibroker.transport.routed import seconds_of

_MOST: Final = 32
_IDLE: Final = 4.0
"""Connections at most, and seconds that an idle one is kept."""
_BROKEN: Final = (httpcore.ReadError, httpcore.WriteError, httpcore.ProtocolError)
_FAULTS: Final = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError, OcibrokerError)


class LocalClient:
    """Posts to the process that listens at ``path``, and keeps connections to it. Safe for threads."""

    def __init__(self, path: str) -> None:
        self.path: Final = path
        self._core = _pool(path)

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

    def forked(self) -> None:
        """Begin anew in a child: by a connection of its parent one would read what the other has asked for.

        Connection by connection: another thread of the parent may have held the pool's own lock.
        """
        for connection in self._core.connections:
            connection.close()
        self._core = _pool(self.path)

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
        if isinstance(error, OSError):
            why, cure = socket_trouble(self.path, error)
            return ConnectionFailed(f"no sidecar answers: it {why}", culprit=self.path, hint=cure)
        why = "closed the connection without an answer"
        return ConnectionFailed(why, culprit=self.path, hint="look at the process that listens there")


def _pool(path: str) -> httpcore.ConnectionPool:
    return httpcore.ConnectionPool(
        uds=path,
        max_connections=_MOST,
        max_keepalive_connections=_MOST,
        keepalive_expiry=_IDLE,
        network_backend=_Network(path),
    )


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

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Open the connection."""
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.settimeout(seconds_of(timeout))
            connection.connect(path)
            self._check(peer_user(connection)[0])
        except BaseException:
            connection.close()
            raise
        return _Stream(connection)

    def _check(self, uid: int) -> None:
        if uid not in {0, os.geteuid()}:
            why = f"belongs to the user {uid}, who is neither root nor the caller"
            raise ConnectionFailed(why, culprit=self._path)


class _Stream(httpcore.NetworkStream):
    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._connection.settimeout(seconds_of(timeout))
        try:
            return self._connection.recv(max_bytes)
        except ConnectionError:
            raise httpcore.ReadError from None

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._connection.settimeout(seconds_of(timeout))
        try:
            self._connection.sendall(buffer)
        except ConnectionError:
            raise httpcore.WriteError from None

    def close(self) -> None:
        self._connection.close()

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401  # httpcore's own signature
        return self._is_readable() if info == "is_readable" else None

    def _is_readable(self) -> bool:
        """Whether something has come on an idle connection, which is then not used again: mostly its end."""
        self._connection.settimeout(0)  # whoever reads or writes next sets it anew
        try:
            self._connection.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True
