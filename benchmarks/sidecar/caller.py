"""Callers of the sidecar, or of what stands for it: they keep their connections, and ask again and again."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

_END = b"\r\n\r\n"


def question(registry: str) -> bytes:
    """Return the whole request for the credential of ``registry``."""
    body = json.dumps({"registry": registry}).encode()
    lines = [
        "POST /v1/credentials HTTP/1.1",
        "Host: ocibroker",
        "Ocibroker-Request: 1",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines).encode() + _END + body


class Callers(AbstractContextManager["Callers"]):
    """So many connections to the Unix socket ``place``."""

    def __init__(self, place: Path, number: int) -> None:
        with ExitStack() as stack:
            self._connections = [stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(number)]
            for connection in self._connections:
                connection.connect(str(place))
            self._stack = stack.pop_all()

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def ask(self, request: bytes) -> bytes:
        """Return the answer to one request."""
        self._connections[0].sendall(request)
        return self._answer(self._connections[0])

    def flood(self, request: bytes, seconds: float) -> int:
        """Ask by all connections, again and again, and return how many answers there were."""
        size, count, end = len(self.ask(request)), 0, time.monotonic() + seconds
        while time.monotonic() < end:
            for connection in self._connections:
                connection.sendall(request)
            for connection in self._connections:
                _read(connection, size)
            count += len(self._connections)
        return count

    def pace(self, request: bytes, rate: float, number: int) -> Sequence[float]:
        """Ask ``number`` times, ``rate`` a second, whether answers come or not.

        Return the seconds until each answer, from the moment at which it was to be asked: what had to wait for its
        turn has waited. It never sleeps, and so takes a core of its own.
        """
        size = len(self.ask(request))
        idle, asked = [*self._connections], list[tuple[socket.socket, float]]()
        begin, sent, waited = time.perf_counter(), 0, list[float]()
        while len(waited) < number:
            now = time.perf_counter()
            if sent < number and now >= begin + sent / rate and idle:
                connection = idle.pop(0)  # in turn, since one that is never used is closed
                connection.send(request)
                asked.append((connection, begin + sent / rate))
                sent += 1
            for one in [*asked]:
                if _arrived(one[0], size):
                    asked.remove(one)
                    idle.append(one[0])
                    waited.append(time.perf_counter() - one[1])
        return waited

    @staticmethod
    def _answer(connection: socket.socket) -> bytes:
        answer = connection.recv(65536)
        head, _, body = answer.partition(_END)
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        while len(body) < int(fields[b"content-length"]):
            body += connection.recv(65536)
        if not head.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(f"answered {head[:60]!r} {body[:200]!r}")
        return head + _END + body


def _read(connection: socket.socket, size: int) -> None:
    while size > 0:
        part = connection.recv(65536)
        if not part:
            raise RuntimeError("has closed the connection")
        size -= len(part)
    if size:
        raise RuntimeError("has answered otherwise")


def _arrived(connection: socket.socket, size: int) -> bool:
    try:
        connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    _read(connection, size)
    return True
