"""What one caller may do, and what everybody else notices of it."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from ocibroker.config import SidecarSettings, UnixListening
from ocibroker.config.sidecar import Address
from ocibroker.sidecar.limits import Limits
from tests.complaints import complaints
from tests.sidecar.application import BIG
from tests.sidecar.served import Client, Served, request, served, until

SOON = Limits(header=0.3, body=0.3, idle=0.3, write=0.3)
"""Seconds that a test can wait for."""


@contextmanager
def at(folder: Path, limits: Limits | None = None, *, loop: str = "uvloop", grace: float = 5.0) -> Iterator[Served]:
    """Serve at ``folder/s``, and health at a port."""
    admin = Address(host="127.0.0.1", port=0)
    settings = SidecarSettings(socket=UnixListening(path=folder / "s"), admin=admin)
    with served(settings, limits=limits, loop=loop, grace=grace) as one:
        yield one


def ended_after(client: Client) -> tuple[bytes, float]:
    """Return what is left to read, and how long it took to end."""
    begin = time.monotonic()
    return client.rest(), time.monotonic() - begin


class TestAnswer:
    def test_carries_neither_date_nor_server(self, folder: Path, loop: str) -> None:
        with at(folder, loop=loop), Client.of(folder / "s") as client:
            assert client.ask().headers.keys() == {"content-length"}

    def test_is_for_the_caller_and_the_listener_of_the_connection(self, folder: Path, loop: str) -> None:
        with at(folder, loop=loop) as one:
            with Client.of(folder / "s") as client:
                assert client.ask().said == {"listener": "socket", "uid": os.geteuid(), "names": [], "body": 0}
            with Client.of(one.ports["admin"]) as client:
                assert client.ask().said == {"listener": "admin", "uid": None, "names": [], "body": 0}

    def test_of_http_1_0_ends_the_connection(self, folder: Path, loop: str) -> None:
        with at(folder, loop=loop), Client.of(folder / "s") as client:
            client.send(b"POST / HTTP/1.0\r\nHost: ocibroker\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab")
            assert client.reply().said["body"] == 2
            assert client.rest() == b""

    @pytest.mark.parametrize("path", ["/boom", "/exit"])
    def test_of_an_application_that_fails_is_500_and_logs_no_more_than_the_kind(
        self, folder: Path, caplog: pytest.LogCaptureFixture, path: str, loop: str
    ) -> None:
        with at(folder, loop=loop), Client.of(folder / "s") as client:
            assert client.ask(path, "X-Secret: s3cr3t", body=b"s3cr3t").status == 500
            with Client.of(folder / "s") as another:
                assert another.ask().status == 200
        assert {record.name for record in caplog.records} - {"asyncio"} == {"ocibroker.sidecar.http"}
        assert "has raised" in caplog.text
        assert "s3cr3t" not in caplog.text


GET = b"POST / HTTP/1.1\r\nHost: localhost\r\n"
SLOW: dict[str, tuple[bytes, bytes, float]] = {
    "says nothing": (b"", b"", 0),
    "stops in the header": (GET, b"", 0),
    "drips the header": (GET, b"X: y\r\n", 0.02),
    "stops in the body": (GET + b"Content-Length: 9\r\n\r\n1", b"", 0),
    "drips the body": (GET + b"Content-Length: 9999\r\n\r\n1", b"2", 0.02),
}


@pytest.mark.fault(33)
class TestSlowCaller:
    @pytest.mark.parametrize("asked", [0, 2], ids=["at once", "later"])
    @pytest.mark.parametrize(("begin", "drop", "pause"), SLOW.values(), ids=SLOW)
    def test_is_closed_in_time(
        self, folder: Path, loop: str, begin: bytes, drop: bytes, pause: float, asked: int
    ) -> None:
        with at(folder, SOON, loop=loop), Client.of(folder / "s") as client:
            for _ in range(asked):
                client.ask()
            start, over = time.monotonic(), threading.Event()
            client.send(begin)
            dripping = threading.Thread(target=_drip, args=(client.connection, drop, pause, over))
            dripping.start()
            client.rest()
            over.set()
            dripping.join()
            assert 0.2 < time.monotonic() - start < 2

    def test_that_pauses_between_requests_is_closed_later(self, folder: Path, loop: str) -> None:
        limits = Limits(header=0.1, body=0.1, idle=0.6)
        with at(folder, limits, loop=loop), Client.of(folder / "s") as client:
            client.ask()
            rest, seconds = ended_after(client)
            assert rest == b""
            assert 0.5 < seconds < 3

    def test_that_never_reads_is_closed_and_holds_no_more_than_one_answer(self, folder: Path, loop: str) -> None:
        with at(folder, SOON, loop=loop) as one, Client.of(folder / "s") as client:
            client.send(request("/big"))
            until(lambda: one.tiny.asked)
            with Client.of(folder / "s") as another:
                assert another.ask().status == 200
            time.sleep(0.7)
            assert len(client.rest()) < BIG
            assert one.tiny.asked == 2

    def test_that_reads_gets_a_long_answer_whole(self, folder: Path, loop: str) -> None:
        with at(folder, SOON, loop=loop), Client.of(folder / "s") as client:
            assert len(client.ask("/big").body) == BIG + 2

    def test_does_not_limit_how_long_an_answer_may_take(self, folder: Path, loop: str) -> None:
        with at(folder, SOON, loop=loop) as one, Client.of(folder / "s") as client:
            client.send(request("/slow"))
            time.sleep(0.8)
            one.tell(one.tiny.go.set)
            assert client.reply().status == 200


def sent(connection: socket.socket, begin: bytes, size: int) -> int:
    """Send ``begin`` and so many bytes more; return how many had gone when the connection was closed."""
    done = 0
    for data in (begin, *[b"a" * 65536] * (size // 65536)):
        try:
            connection.sendall(data)
        except OSError:
            return done
        done += len(data)
    return done


def descriptors() -> int:
    return len([*Path("/proc/self/fd").iterdir()])


def _drip(connection: socket.socket, drop: bytes, pause: float, over: threading.Event) -> None:
    while drop and not over.wait(pause):
        try:
            connection.sendall(drop)
        except OSError:
            return


BAD = {
    "garbage": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "invalid UTF-8 for a path": b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "invalid UTF-8 for a method": b"\xc3\x28 / HTTP/1.1\r\n\r\n",
    "an absolute URL": b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a tunnel": b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
    "an upgrade": b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "two lengths": GET + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a length and chunks": GET + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a length that is none": GET + b"Content-Length: -1\r\n\r\n",
    "a folded header": GET + b"A: b\r\n c\r\n\r\n\0",
    "a NUL": GET + b"A: \0\r\n\r\n",
    "chunks that are none": GET + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "a long line": b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
    "a long header": GET + b"A: " + b"a" * 20_000 + b"\r\n\r\n",
    "many headers": GET + b"A: b\r\n" * 5000 + b"\r\n",
}


@pytest.mark.fault(34)
class TestBadRequest:
    @pytest.mark.parametrize("data", BAD.values(), ids=BAD)
    def test_is_answered_with_400_and_closed(self, folder: Path, loop: str, data: bytes) -> None:
        with at(folder, loop=loop) as one:
            with Client.of(folder / "s") as client:
                client.send(data)
                assert client.reply().status == 400
                assert client.rest() == b""
            with Client.of(folder / "s") as another:
                assert another.ask().status == 200
            assert one.tiny.asked <= 2

    @pytest.mark.parametrize("behind", [b"GARBAGE\r\n\r\n", request() * 1000], ids=["garbage", "requests"])
    def test_behind_a_good_one_does_not_change_its_answer(self, folder: Path, loop: str, behind: bytes) -> None:
        with at(folder, loop=loop) as one, Client.of(folder / "s") as client:
            client.send(request(body=b"abc") + behind)
            assert client.reply().said["body"] == 3
            assert client.reply().status == 400
            assert client.rest() == b""
            assert one.tiny.asked == 1

    @pytest.mark.parametrize("begin", [b"GET /", GET + b"A: ", GET + b"Transfer-Encoding: chunked\r\n\r\n1;"])
    def test_without_end_is_cut_off_early(self, folder: Path, loop: str, begin: bytes) -> None:
        with at(folder, loop=loop), Client.of(folder / "s") as client:
            assert sent(client.connection, begin, 1024 * 1024 * 1024) < 4 * 1024 * 1024

    @pytest.mark.parametrize(
        "head", [b"Content-Length: 200000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n30d40\r\n"]
    )
    def test_with_a_body_that_is_too_large_is_answered_with_413(self, folder: Path, loop: str, head: bytes) -> None:
        with at(folder, loop=loop), Client.of(folder / "s") as client:
            client.send(GET + head + b"x" * 140_000)
            assert client.reply().status == 413

    def test_with_the_largest_body_is_good(self, folder: Path, loop: str) -> None:
        with at(folder, loop=loop), Client.of(folder / "s") as client:
            assert client.ask(body=b"x" * 128 * 1024).said["body"] == 128 * 1024


@pytest.mark.fault(32)
class TestManyConnections:
    LIMITS = Limits(header=30, idle=30, connections=100, connections_each=20)

    def test_of_one_caller_are_his_share_and_the_one_that_was_idle_for_longest_goes(
        self, folder: Path, loop: str
    ) -> None:
        with at(folder, self.LIMITS, loop=loop), ExitStack() as stack:
            clients = [stack.enter_context(Client.of(folder / "s")) for _ in range(20)]
            for client in clients:
                client.ask()
            clients[0].ask()
            another = stack.enter_context(Client.of(folder / "s"))
            assert another.ask().status == 200
            assert clients[1].rest() == b""
            assert clients[0].ask().status == 200

    def test_that_are_all_busy_make_no_room(self, folder: Path, loop: str) -> None:
        with at(folder, self.LIMITS, loop=loop) as one, ExitStack() as stack:
            clients = [stack.enter_context(Client.of(folder / "s")) for _ in range(20)]
            for client in clients:
                client.send(request("/slow"))
            until(lambda: one.tiny.asked == 20)
            assert stack.enter_context(Client.of(folder / "s")).rest() == b""
            assert one.denied == {"connections": 1}
            one.tell(one.tiny.go.set)
            assert {client.reply().status for client in clients} == {200}

    def test_do_not_touch_the_admin_listener(self, folder: Path, loop: str) -> None:
        with at(folder, self.LIMITS, loop=loop) as one, ExitStack() as stack:
            health = stack.enter_context(Client.of(one.ports["admin"]))
            assert health.ask().status == 200
            for _ in range(200):
                stack.enter_context(Client.of(folder / "s"))
            assert health.ask().status == 200
            with Client.of(one.ports["admin"]) as fresh:
                assert fresh.ask().status == 200


@pytest.mark.fault(35)
class TestFlood:
    def test_is_answered_with_429_and_when_to_come_again(self, folder: Path, loop: str) -> None:
        with at(folder, Limits(rate=1, burst=3, penalty=0), loop=loop) as one, Client.of(folder / "s") as client:
            replies = [client.ask() for _ in range(4)]
            assert [reply.status for reply in replies] == [200, 200, 200, 429]
            assert replies[-1].headers["retry-after"] == "1"
            assert replies[-1].said["code"] == "too_many_requests"
            assert one.denied == {"rate": 1}

    def test_over_one_door_leaves_the_other_alone(self, folder: Path, loop: str) -> None:
        with at(folder, Limits(rate=0.1, burst=1, penalty=0), loop=loop) as one:
            with Client.of(folder / "s") as client:
                assert [client.ask().status for _ in range(3)] == [200, 429, 429]
            with Client.of(one.ports["admin"]) as client:
                assert client.ask().status == 200


class TestEnd:
    def test_waits_for_what_is_under_way_and_closes_who_is_idle_at_once(self, folder: Path, loop: str) -> None:
        with at(folder, loop=loop) as one, Client.of(folder / "s") as idle, Client.of(folder / "s") as busy:
            idle.ask()
            busy.send(request("/slow"))
            until(one.tiny.begun.is_set)
            one.tell(one.stop.set)
            rest, seconds = ended_after(idle)
            assert (rest, seconds < 1) == (b"", True)
            assert not (folder / "s").exists()
            one.tell(one.tiny.go.set)
            reply = busy.reply()
            assert (reply.status, reply.headers["connection"]) == (200, "close")
            assert busy.rest() == b""

    def test_answers_who_has_connected_before(self, folder: Path, loop: str) -> None:
        with at(folder, loop=loop) as one, Client.of(folder / "s") as client:
            one.tell(one.stop.set)
            until(lambda: not (folder / "s").exists())
            assert client.ask().status == 200
            assert client.rest() == b""

    def test_cuts_off_what_takes_too_long(self, folder: Path, loop: str, caplog: pytest.LogCaptureFixture) -> None:
        with at(folder, loop=loop, grace=0.2) as one, Client.of(folder / "s") as client:
            client.send(request("/slow"))
            until(one.tiny.begun.is_set)
            one.tell(one.stop.set)
            rest, seconds = ended_after(client)
            assert rest == b""
            assert 0.1 < seconds < 2
        assert complaints(caplog.records) == ["1 connections are cut off after 0.2 s"]

    def test_leaves_no_task_and_no_descriptor(self, folder: Path, loop: str) -> None:
        before = descriptors()
        with at(folder, loop=loop), Client.of(folder / "s") as client:
            client.ask()
        assert descriptors() == before


def test_a_line_about_a_bad_request_is_not_for_everybody_to_cause(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with at(folder), Client.of(folder / "s") as client:
        client.send(b"garbage\r\n\r\n")
        client.rest()
    assert [record for record in caplog.records if record.name.startswith(("ocibroker", "uvicorn"))] == []
