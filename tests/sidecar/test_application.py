"""The application as a server meets it: both listeners' paths, lifespan, and a caller who goes."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from dataclasses import replace
from typing import Any

import pytest

from ocibroker.errors import UsageError
from ocibroker.sidecar.application import Application
from ocibroker.sidecar.listener import Listener, everybody
from ocibroker.sidecar.message import Call, Reply
from tests.complaints import complaints
from tests.sidecar.asgi import HEADERS, SOCKET, Caller, without
from tests.sidecar.node import Node
from tests.transport.brokers import Desk, rule

ADMIN = Listener(name="admin", hosts=frozenset({"127.0.0.1:9465"}), administers=everybody)
HOST = [(b"host", b"127.0.0.1:9465")]


async def live(_: Call) -> Reply:
    return Reply(content_type="text/plain", headers={"X-Generation": "1"}, body=b"ok")


async def reload(call: Call) -> Reply:
    if call.body == b"wrong":
        raise UsageError("is wrong", culprit="config.toml")
    return Reply(body=call.body)


@pytest.fixture
def node(desk: Desk) -> Node:
    return Node.of(desk.broker(rule("registry.test")))


@pytest.fixture
def admin(node: Node) -> Caller:
    places = {("GET", "/livez"): live, ("POST", "/v1/admin/reload"): reload}
    return Caller(Application(node.generations, admin=places), ADMIN)


class TestAdmin:
    def test_what_only_reads_needs_nothing_but_the_host(self, admin: Caller) -> None:
        answer = admin.send("GET", "/livez", HOST)
        assert (answer.status, answer.body, answer.headers["x-generation"]) == (200, b"ok", "1")
        assert answer.headers["content-type"] == "text/plain"

    def test_what_acts_needs_the_mark_too(self, admin: Caller) -> None:
        assert admin.send("POST", "/v1/admin/reload", HOST, b"{}").code == "request_header_missing"
        marked = [*HOST, (b"ocibroker-request", b"1")]
        assert admin.send("POST", "/v1/admin/reload", marked, b"{}").body == b"{}"

    def test_its_errors_are_problems(self, admin: Caller) -> None:
        answer = admin.send("POST", "/v1/admin/reload", [*HOST, (b"ocibroker-request", b"1")], b"wrong")
        assert (answer.status, answer.code, answer.data["culprit"]) == (400, "usage_error", "config.toml")

    @pytest.mark.parametrize("name", [b"origin", b"x-forwarded-for", b"sec-fetch-site"])
    def test_neither_browsers_nor_relays_read_it(self, admin: Caller, name: bytes) -> None:
        assert admin.send("GET", "/livez", [*HOST, (name, b"x")]).status in {400, 403}

    def test_it_gives_no_credential(self, admin: Caller) -> None:
        head = [*HOST, *without(b"host")]
        assert admin.post("/v1/credentials", {"registry": "registry.test"}, head).status == 404

    def test_the_other_listeners_do_not_answer_for_it(self, admin: Caller) -> None:
        admin.listener = SOCKET
        assert admin.send("GET", "/livez").status == 404

    def test_a_method_that_it_does_not_take_is_told_which_it_does(self, admin: Caller) -> None:
        answer = admin.send("POST", "/livez", [*HOST, (b"ocibroker-request", b"1")])
        assert (answer.status, answer.headers["allow"]) == (405, "GET")


def test_whoever_wants_to_know_is_told_of_every_reply(node: Node) -> None:
    told: list[tuple[str, int, float]] = []
    ticks = iter(range(10))
    application = Application(
        node.generations, served=lambda *reply: told.append(reply), monotonic=lambda: float(next(ticks))
    )
    caller = Caller(application, replace(SOCKET, name="tcp"))
    caller.post("/v1/trust", {"host": "registry.test"})
    caller.post("/v1/trust", {})
    assert told == [("tcp", 200, 1.0), ("tcp", 400, 1.0)]


@pytest.mark.parametrize("first", [[], [{"type": "http.request", "body": b"{", "more_body": True}]])
def test_a_caller_who_goes_in_the_middle_is_no_error(
    node: Node, caplog: pytest.LogCaptureFixture, first: list[MutableMapping[str, Any]]
) -> None:
    left, sent = [*first, {"type": "http.disconnect"}], []

    async def receive() -> MutableMapping[str, Any]:
        return left.pop(0)

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/trust",
        "raw_path": b"/v1/trust",
        "headers": HEADERS,
        "state": {"listener": SOCKET, "peer": None},
    }
    asyncio.run(node.application(scope, receive, send))
    assert (sent, complaints(caplog.records)) == ([], [])


@pytest.mark.parametrize(
    ("kind", "messages", "answers"),
    [
        (
            "lifespan",
            ["lifespan.startup", "lifespan.shutdown"],
            ["lifespan.startup.complete", "lifespan.shutdown.complete"],
        ),
        ("websocket", [], ["websocket.close"]),
    ],
)
def test_what_is_no_request_is_answered_as_asgi_says(
    node: Node, kind: str, messages: list[str], answers: list[str]
) -> None:
    left, sent = [*messages], []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": left.pop(0)}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message["type"])

    asyncio.run(node.application({"type": kind}, receive, send))
    assert sent == answers
