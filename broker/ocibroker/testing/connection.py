"""One client's connection to the embedded registry: HTTP/1.1 on the wire."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from io import BufferedIOBase
from urllib.parse import urlsplit

from ocibroker.testing.headers import Headers
from ocibroker.testing.request import Request
from ocibroker.testing.response import CannedResponse

Answer = Callable[[Request], CannedResponse]


class Connection(BaseHTTPRequestHandler):
    """Reads requests and sends the responses that ``answer`` computes, until the client leaves."""

    protocol_version = "HTTP/1.1"
    # Header fields and body are two writes: with Nagle's algorithm the second waits 40 ms for a delayed ACK.
    disable_nagle_algorithm = True
    answer: Answer

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Return the one answer to every method; http.server asks for ``do_GET`` and so on."""
        if not name.startswith("do_"):
            raise AttributeError(name)
        return lambda: self._send(self.answer(self._read()))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is http.server's)
        """Stay silent: what was asked is in the registry's record."""

    def _read(self) -> Request:
        parts = urlsplit(self.path)
        headers = Headers(self.headers.items())
        body = read_body(self.rfile, headers)
        return Request(self.command, parts.path, parts.query, headers, body, self._certified())

    def _certified(self) -> bool:
        return isinstance(self.connection, ssl.SSLSocket) and bool(self.connection.getpeercert(binary_form=True))

    def _send(self, response: CannedResponse) -> None:
        self.send_response(response.status)
        for name, value in response.fields():
            self.send_header(name, value)
        # Whoever frames the body by hand may lie about its length; nothing can follow on this connection.
        self.close_connection = self.close_connection or response.framed
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)


def read_body(stream: BufferedIOBase, headers: Headers) -> bytes:
    """Read a request's body by its framing (RFC 9112, 6); raises `ConnectionError` if it is cut short."""
    if headers.get("Transfer-Encoding", "").lower() == "chunked":
        return _read_chunks(stream)
    return _read_exactly(stream, int(headers.get("Content-Length", "0")))


def _read_chunks(stream: BufferedIOBase) -> bytes:
    chunks = []
    while size := _chunk_size(stream):
        chunks.append(_read_exactly(stream, size))
        stream.readline()
    while stream.readline().strip():
        """Skip a trailer field."""
    return b"".join(chunks)


def _chunk_size(stream: BufferedIOBase) -> int:
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise ConnectionError("the client left between two chunks")
    return int(line.partition(b";")[0], 16)


def _read_exactly(stream: BufferedIOBase, size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise ConnectionError(f"the client sent {len(content)} of {size} bytes")
    return content
