"""A server, over TCP or a Unix socket, that follows a script, byte by byte: for what no HTTP server does."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path


class RawServer:
    """``received`` is every byte that any client sent, after TLS where there is one.

    A script gets the connection and the server; it paces itself by ``ended``, which is set when the test is over.
    """

    def __init__(self, script: Script, tls: ssl.SSLContext | None, listener: socket.socket) -> None:
        self._script = script
        self._tls = tls
        self._lock = threading.Lock()
        self._workers: list[threading.Thread] = []
        self._socket = listener
        self.ended = threading.Event()
        self.received = b""
        self.connections = 0

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def accept(self) -> None:
        while not self.ended.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            worker = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            with self._lock:
                self.connections += 1  # its script may ask which one it is
            worker.start()  # who closes may join whatever is listed
            with self._lock:
                self._workers.append(worker)

    def close(self) -> None:
        self.ended.set()
        # Closing alone does not wake up a thread that waits in accept().
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for worker in self._workers:
            worker.join(5)

    def read(self, connection: socket.socket, until: bytes = b"\r\n\r\n") -> bytes:
        """Read until that marker, or the end; everything is kept in ``received``."""
        seen = b""
        while until not in seen:
            part = connection.recv(65536)
            if not part:
                break
            seen += part
            with self._lock:
                self.received += part
        return seen

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.settimeout(10)
            if self._tls is None:
                self._script(connection, self)
                return
            with self._tls.wrap_socket(connection, server_side=True) as secured:
                self._script(secured, self)


Script = Callable[[socket.socket, RawServer], None]


def raw(script: Script, tls: ssl.SSLContext | None = None) -> AbstractContextManager[RawServer]:
    return _running(RawServer(script, tls, socket.create_server(("127.0.0.1", 0))))


def raw_unix(script: Script, path: Path) -> AbstractContextManager[RawServer]:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    return _running(RawServer(script, None, listener))


@contextmanager
def _running(server: RawServer) -> Iterator[RawServer]:
    acceptor = threading.Thread(target=server.accept, daemon=True)
    acceptor.start()
    try:
        yield server
    finally:
        server.close()
        acceptor.join(5)


def silent(connection: socket.socket, server: RawServer) -> None:
    """Accept and say nothing."""
    server.ended.wait(10)


def listening(connection: socket.socket, server: RawServer) -> None:
    """Read for ever and say nothing."""
    server.read(connection, until=b"\0never\0")


def hanging_up(connection: socket.socket, server: RawServer) -> None:
    """Read a request and close without an answer."""
    server.read(connection)


def saying(answer: bytes) -> Script:
    """Read a request's header, say that, and close."""

    def script(connection: socket.socket, server: RawServer) -> None:
        server.read(connection)
        connection.sendall(answer)

    return script


def dripping(answer: bytes, *, pace: float, after_request: bool = True) -> Script:
    """Say that, one byte every ``pace`` seconds."""

    def script(connection: socket.socket, server: RawServer) -> None:
        if after_request:
            server.read(connection)
        for byte in answer:
            if server.ended.wait(pace):
                return
            connection.sendall(bytes([byte]))

    return script
