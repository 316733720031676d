"""A question that comes again, byte for byte, has the answer that it would have if it were read."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ocibroker import Bearer, Secret
from ocibroker.config import SidecarSettings, UnixListening
from ocibroker.events import Answered, Event
from ocibroker.sidecar.application import Application, Receive, Send
from ocibroker.sidecar.limits import Limits
from ocibroker.sidecar.listener import ListenerName, nobody
from ocibroker.testing import Authority
from tests.sidecar.node import Node
from tests.sidecar.served import Client, Reply, request, served, until
from tests.transport.brokers import Desk, made_rule, rule
from tests.transport.hand_clock import HandClock
from tests.transport.made_provider import MadeProvider

MARKED = ("Ocibroker-Request: 1", "Content-Type: application/json")
AMBIENT = "[sidecar]\nambient = true\n"


def question(registry: str = "registry.test", *headers: str) -> bytes:
    body = json.dumps({"registry": registry}).encode()
    return request("/v1/credentials", *MARKED, *headers, body=body)


@dataclass
class Read:
    """The application, which counts what it has to read, and remembers what it was told to have served."""

    node: Node
    count: int = 0
    told: list[tuple[ListenerName, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.application = Application(self.node.generations, served=self._note)

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        self.count += 1
        await self.application(scope, receive, send)

    def _note(self, name: ListenerName, status: int, seconds: float) -> None:
        self.told.append((name, status))


@contextmanager
def asking(read: Read, folder: Path, limits: Limits | None = None) -> Iterator[Client]:
    settings = SidecarSettings(socket=UnixListening(path=folder / "s"))
    with (
        served(settings, limits=limits, application=read, repeat=read.application.repeat),
        Client.of(folder / "s") as client,
    ):
        yield client


def ask(client: Client, data: bytes | None = None) -> Reply:
    client.send(data or question())
    return client.reply()


def _told(read: Read, count: int) -> bool:
    return len(read.told) == count


@pytest.fixture
def read(desk: Desk) -> Read:
    return Read(Node.of(desk.broker(AMBIENT + rule("*.test"))))


def test_it_is_read_once_and_answered_alike(read: Read, folder: Path) -> None:
    with asking(read, folder) as client:
        first, *others = [ask(client) for _ in range(5)]
    assert first.status == 200
    assert others == [first] * 4
    assert read.count == 1


def test_each_answer_counts(read: Read, folder: Path) -> None:
    with asking(read, folder) as client:
        assert [ask(client).status for _ in range(3)] == [200] * 3
    assert read.told == [("socket", 200)] * 3


def test_each_answer_counts_once_for_the_broker(desk: Desk, folder: Path) -> None:
    told = list[Event]()
    broker = desk.broker(AMBIENT + rule("*.test"), observe=told.append)
    with asking(Read(Node.of(broker)), folder) as client:
        assert [ask(client).status for _ in range(3)] == [200] * 3
        assert ask(client, question("registry.test", "X-More: 1")).status == 200
    assert [one.outcome for one in told if isinstance(one, Answered)] == ["refreshed", "hit", "hit", "hit"]


def test_other_bytes_are_another_question(read: Read, folder: Path) -> None:
    with asking(read, folder) as client:
        ask(client)
        assert json.loads(ask(client, question("other.test")).body)["registry"] == "other.test"
        assert ask(client, question("registry.test", "Origin: https://example.com")).status == 403
    assert read.count == 3


def test_another_connection_may_repeat_it(read: Read, folder: Path) -> None:
    with asking(read, folder) as client, Client.of(folder / "s") as another:
        assert ask(client) == ask(another)
    assert read.count == 1


@pytest.mark.parametrize(
    "data",
    [
        question("registry.test", "Connection: close"),
        question("registry.test", "Authorization: Bearer t"),
        question("registry.test", "Expect: 100-continue"),
        question("registry.test", f"X-Long: {'x' * 4096}"),
        question("nowhere.example"),
        request("/v1/trust", *MARKED, body=b'{"host":"registry.test"}'),
    ],
    ids=[
        "it ends the connection",
        "who asks must prove it",
        "it expects",
        "it is long",
        "it failed",
        "it is another",
    ],
)
def test_it_is_read_again_where(desk: Desk, folder: Path, data: bytes) -> None:
    read = Read(Node.of(desk.broker(rule("registry.test"))))
    with asking(read, folder):
        for count in (1, 2):
            with Client.of(folder / "s") as client:
                client.send(data)
                until(partial(_told, read, count))
    assert read.count == 2


def test_in_two_pieces_it_is_read(read: Read, folder: Path) -> None:
    whole = question()
    with asking(read, folder) as client:
        first = ask(client)
        client.send(whole[:40])
        time.sleep(0.05)
        assert ask(client, whole[40:]) == first
    assert read.count == 2


def test_twice_in_one_piece_is_more_than_one_may_ask_at_once(read: Read, folder: Path) -> None:
    with asking(read, folder) as client:
        first = ask(client)
        assert ask(client, question() * 2) == first
        assert client.reply().status == 400


def test_it_counts_against_the_rate_of_who_asks(read: Read, folder: Path) -> None:
    with asking(read, folder, Limits(rate=0.001, burst=4, penalty=0.0)) as client:
        assert [ask(client).status for _ in range(6)] == [200] * 4 + [429] * 2
    assert read.told == [("socket", 200)] * 4


def test_what_is_due_is_asked_for_anew(desk: Desk, folder: Path, clock: HandClock) -> None:
    made = MadeProvider(
        lambda asked: Bearer(
            secret=Secret(f"token-{made.fetched}"),
            issued_at=clock.now(),
            expires_at=clock.now() + timedelta(hours=1),
        )
    )
    broker = desk.broker(AMBIENT + made_rule("*.test"), offered=[made], clock=clock, ahead=False)
    with asking(Read(Node.of(broker)), folder) as client:
        secrets = [json.loads(ask(client).body)["secret"] for _ in range(2)]
        clock.move(3600)
        secrets += [json.loads(ask(client).body)["secret"] for _ in range(2)]
    assert secrets == ["token-1", "token-1", "token-2", "token-2"]


def test_what_has_gone_wrong_meanwhile_is_said(
    desk: Desk, folder: Path, clock: HandClock, authority: Authority
) -> None:
    ca = authority.write(folder)
    tls = f'[[tls]]\nmatch = "*.test"\nca = ["{ca}"]\n'
    broker = desk.broker(AMBIENT + rule("*.test") + tls, clock=clock)
    with asking(Read(Node.of(broker)), folder) as client:
        assert [ask(client).status for _ in range(2)] == [200, 200]
        ca.write_text("")
        clock.move(2)
        assert [ask(client).status for _ in range(2)] == [500, 500]


def test_a_reload_takes_it_back(read: Read, desk: Desk, folder: Path) -> None:
    with asking(read, folder) as client:
        assert [ask(client).status for _ in range(2)] == [200, 200]
        read.node.reload(desk.broker('[sidecar]\ntargets = ["other.test"]\n' + rule("*.test")))
        assert [ask(client).status for _ in range(2)] == [403, 403]


def test_who_is_not_admitted_any_more_does_not_get_it(read: Read, folder: Path) -> None:
    settings = SidecarSettings(socket=UnixListening(path=folder / "s"))
    with (
        served(settings, application=read, repeat=read.application.repeat) as one,
        Client.of(folder / "s") as client,
    ):
        assert [ask(client).status for _ in range(2)] == [200, 200]
        door = one.doors["socket"]
        one.tell(lambda: door.renew(replace(door.entrance, admits=nobody)))
        until(lambda: door.listener.admits is nobody)
        assert ask(client).status == 401
