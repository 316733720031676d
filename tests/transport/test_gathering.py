"""What has already arrived over TLS is read in one go, and nothing else changes by that."""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpcore
import pytest

from ocibroker.deadline import Deadline
from ocibroker.origin import Origin
from ocibroker.testing import Authority, CannedResponse
from ocibroker.transport.network import DeadlineNetwork
from ocibroker.transport.route import direct
from tests.transport.answering_server import always, answering
from tests.transport.brokers import Desk
from tests.transport.connect_proxy import proxying
from tests.transport.raw_server import RawServer, raw

HOST = "registry.test"
RECORD = 16 * 1024
Stream = httpcore.NetworkStream
BODY = hashlib.shake_256(b"body").digest(20 * RECORD + 5)


@pytest.fixture(scope="module")
def tls(authority: Authority) -> ssl.SSLContext:
    return authority.server_context(HOST)


@contextmanager
def sent(tls: ssl.SSLContext, authority: Authority, sending: bytes, *, closed: bool = False) -> Iterator[Stream]:
    """A connection on which ``sending`` has arrived; then it is closed, or the server echoes."""
    arrived = threading.Event()

    def script(connection: socket.socket, server: RawServer) -> None:
        connection.sendall(sending)
        arrived.set()
        while not closed and (part := connection.recv(RECORD)):
            connection.sendall(part)

    context = ssl.create_default_context(cadata=authority.pem)
    with raw(script, tls) as server:
        network = DeadlineNetwork(direct, Origin("https", HOST, server.port))
        plain = network.connect_tcp("127.0.0.1", server.port, 10)
        stream = plain.start_tls(context, HOST, 10)
        try:
            assert arrived.wait(10)
            yield stream
        finally:
            stream.close()


def rest(stream: Stream, size: int) -> bytes:
    """Read so many bytes, as httpcore reads."""
    found = b""
    while len(found) < size and (part := stream.read(64 * 1024, 10)):
        found += part
    return found


def test_several_records_are_one_read(tls: ssl.SSLContext, authority: Authority) -> None:
    with sent(tls, authority, BODY[: 2 * RECORD]) as stream:
        assert stream.read(64 * 1024, 10) == BODY[: 2 * RECORD]


@pytest.mark.parametrize("most", [1, 1000, RECORD - 1, RECORD, RECORD + 1, 3 * RECORD - 1, 1 << 20])
def test_never_more_than_was_asked_for_and_nothing_is_lost(
    tls: ssl.SSLContext, authority: Authority, most: int
) -> None:
    with sent(tls, authority, BODY) as stream:
        begun = stream.read(most, 10)
        assert 0 < len(begun) <= most
        assert begun + rest(stream, len(BODY) - len(begun)) == BODY


def test_what_is_still_to_come_is_not_waited_for(tls: ssl.SSLContext, authority: Authority) -> None:
    with sent(tls, authority, BODY[: RECORD + 100]) as stream:
        began = time.monotonic()
        assert stream.read(64 * 1024, 10) == BODY[: RECORD + 100]
        assert time.monotonic() - began < 5


def test_the_deadline_of_the_next_read_holds(tls: ssl.SSLContext, authority: Authority) -> None:
    with sent(tls, authority, BODY[:RECORD]) as stream:
        stream.read(64 * 1024, 10)
        began = time.monotonic()
        deadline: Any = Deadline.after(0.2)  # httpcore hands it down as it was given
        with pytest.raises(httpcore.ReadTimeout):
            stream.read(64 * 1024, deadline)
        assert 0.15 < time.monotonic() - began < 5


def test_what_is_written_next_is_written_whole(tls: ssl.SSLContext, authority: Authority) -> None:
    with sent(tls, authority, BODY[:RECORD]) as stream:
        stream.read(64 * 1024, 10)
        stream.write(BODY, 10)
        assert rest(stream, len(BODY)) == BODY


def test_the_end_of_a_connection_comes_after_what_was_sent(tls: ssl.SSLContext, authority: Authority) -> None:
    with sent(tls, authority, BODY[: 2 * RECORD], closed=True) as stream:
        assert rest(stream, len(BODY)) == BODY[: 2 * RECORD]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_tls_through_a_proxy_is_not_read_around(
    desk: Desk, authority: Authority, tls: ssl.SSLContext, scheme: str
) -> None:
    secured = authority.server_context("proxy.test") if scheme == "https" else None
    with answering(always(CannedResponse(200, {}, BODY)), tls) as server, proxying(secured) as proxy:
        text = f'[[tls]]\nmatch = "{HOST}:{server.port}"\nproxy = "{scheme}://proxy.test:{proxy.port}"\n'
        with desk.broker(text).access(f"{HOST}:{server.port}/app").client() as http:
            assert http.get("/v2/").content == BODY
    assert len(proxy.lines) == 1
