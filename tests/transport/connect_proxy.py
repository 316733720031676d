"""An HTTP proxy for CONNECT (RFC 9110, 9.3.6), plain or over TLS, that remembers what it was asked."""

from __future__ import annotations

import selectors
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import MappingProxyType

from ocibroker.testing.headers import Headers
from ocibroker.transport import Route
from tests.transport.raw_server import RawServer, raw

NOBODY: Mapping[str, str] = MappingProxyType({})


def on_loopback(_: str, port: int) -> tuple[str, int]:
    return "127.0.0.1", port


@dataclass
class ConnectProxy:
    """``lines`` are the request lines, ``authorizations`` what came with them; ``route`` says where a host is.

    ``wanted`` is the ``Proxy-Authorization`` without which it answers 407.
    """

    server: RawServer
    wanted: str | None
    route: Route
    lines: list[str] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)

    @property
    def port(self) -> int:
        return self.server.port


@contextmanager
def proxying(
    tls: ssl.SSLContext | None = None, *, wanted: str | None = None, route: Route = on_loopback
) -> Iterator[ConnectProxy]:
    def script(connection: socket.socket, server: RawServer) -> None:
        _serve(connection, server, proxy)

    with raw(script, tls) as server:
        proxy = ConnectProxy(server, wanted, route)
        yield proxy


def _serve(client: socket.socket, server: RawServer, proxy: ConnectProxy) -> None:
    line, *fields = server.read(client).decode("latin-1").split("\r\n")
    if not line:  # it was only looked at whether anybody is there
        return
    headers = Headers(tuple(one.split(": ", 1)) for one in fields if ": " in one)  # type: ignore[misc]
    proxy.lines.append(line)
    proxy.authorizations.append(headers.get("proxy-authorization"))
    if proxy.wanted and proxy.wanted != headers.get("proxy-authorization"):
        client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        return
    method, target, _ = line.split(" ")
    if method != "CONNECT":
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nhere")
        return
    host, _, port = target.rpartition(":")
    with socket.create_connection(proxy.route(host, int(port)), 10) as upstream:
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        _tunnel(client, upstream, server)


def _tunnel(client: socket.socket, upstream: socket.socket, server: RawServer) -> None:
    with selectors.DefaultSelector() as ready, suppress(OSError):
        ready.register(client, selectors.EVENT_READ, upstream)
        ready.register(upstream, selectors.EVENT_READ, client)
        while not server.ended.is_set():
            for key, _ in ready.select(0.05):
                source = key.fileobj
                assert isinstance(source, socket.socket)
                if not (part := _available(source)):
                    return
                key.data.sendall(part)


def _available(source: socket.socket) -> bytes:
    part = source.recv(65536)
    # What TLS has decrypted already would not wake the selector again.
    while isinstance(source, ssl.SSLSocket) and source.pending():
        part += source.recv(65536)
    return part
