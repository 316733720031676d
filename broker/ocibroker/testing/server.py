"""The embedded registry's listener: threads, TLS, and an end that leaves no connection behind."""

from __future__ import annotations

import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import ThreadingHTTPServer

from ocibroker.testing.connection import Answer, Connection

Accepted = socket.socket | tuple[bytes, socket.socket]  # the second is socketserver's, for datagrams

LINGER = 2.0


class Server(ThreadingHTTPServer):
    """Serves ``answer`` on 127.0.0.1, on a port that the system chooses; ``tls`` is ``None`` for plain HTTP."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None) -> None:
        connection = type("Connection", (Connection,), {"answer": staticmethod(answer)})
        super().__init__(("127.0.0.1", 0), connection)
        self._tls = tls
        self._open: dict[socket.socket, threading.Thread] = {}

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Serve in a thread; at the end every connection is closed, also those that clients keep alive."""
        acceptor = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        acceptor.start()
        try:
            yield
        finally:
            with suppress(OSError):
                # Who waits for a connection is woken, where the system does so; elsewhere it looks up in a moment.
                self.socket.shutdown(socket.SHUT_RDWR)
            self.shutdown()
            acceptor.join()
            self.server_close()
            self._hang_up()

    def server_bind(self) -> None:
        """Bind without the reverse look-up of the host's name, which HTTPServer does and which may be slow."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "localhost", self.socket.getsockname()[1]

    def finish_request(self, request: Accepted, client_address: object) -> None:
        """Serve one connection in its worker thread, where a slow TLS handshake holds up nobody else."""
        with self._wrapped(request) as connection:
            self._open[connection] = threading.current_thread()
            try:
                _shake_hands(connection)
                super().finish_request(connection, client_address)
            finally:
                del self._open[connection]

    def handle_error(self, request: Accepted, client_address: object) -> None:
        """Ignore clients that leave or fail in the handshake; anything else is a bug and is printed."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def _wrapped(self, request: Accepted) -> socket.socket:
        assert isinstance(request, socket.socket)
        if self._tls is None:
            return request
        return self._tls.wrap_socket(request, server_side=True, do_handshake_on_connect=False)

    def _hang_up(self) -> None:
        open_connections = dict(self._open)
        for connection in open_connections:
            with suppress(OSError):
                # Not SSLSocket's own shutdown, which pulls the TLS state from under the thread that reads.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
        for worker in open_connections.values():
            worker.join(LINGER)


def _shake_hands(connection: socket.socket) -> None:
    if not isinstance(connection, ssl.SSLSocket):
        return
    try:
        connection.do_handshake()
    except OSError:
        _drain(connection)
        raise


def _drain(refused: ssl.SSLSocket) -> None:
    # Closing with unread bytes makes the kernel send a reset, which can overtake the TLS alert: the client
    # would see "connection reset" instead of the reason.
    with socket.socket(fileno=refused.detach()) as raw, suppress(OSError):
        raw.settimeout(LINGER)
        raw.shutdown(socket.SHUT_WR)
        while raw.recv(65536):
            """Throw away what the client had sent before it read the alert."""
