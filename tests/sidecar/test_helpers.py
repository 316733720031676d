"""``POST /v1/helpers/docker/…``: the same bytes as the executable's, within the listener's reach."""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from ocibroker import Anonymous, Basic, Bearer, Broker, Secret
from ocibroker.frontends.answer import Answer
from ocibroker.frontends.front_end import Question
from ocibroker.frontends.table import FRONT_ENDS
from ocibroker.provider import CredentialUnavailable
from ocibroker.sidecar.helpers import helper
from ocibroker.sidecar.message import Call, Endpoint, Reply
from ocibroker.sidecar.peer import Peer
from ocibroker.sidecar.reaches import Reaches
from tests.sidecar.asgi import HEADERS, OCTETS, SOCKET, Answered, Caller, Head
from tests.sidecar.node import Node
from tests.transport.brokers import Desk, made_rule, rule
from tests.transport.made_provider import MadeProvider, giving

ALICE = Basic(username="alice", secret=Secret("wonder"))


@pytest.fixture
def broker(desk: Desk) -> Broker:
    failing = MadeProvider(_fail, name="failing")
    offered = [
        failing,
        giving(Anonymous("nobody is here"), name="nobody"),
        giving(Bearer(secret=Secret("t")), name="bearer"),
    ]
    text = rule("registry.test") + "".join(
        made_rule(f"{name}.test", provider=name) for name in ("failing", "nobody", "bearer")
    )
    return desk.broker(text, offered=offered)


def _fail(_: object) -> Basic:
    raise CredentialUnavailable("failed\u00e9", hint="line one\nline two")


@pytest.fixture
def caller(broker: Broker) -> Caller:
    return Node.of(broker).caller


def asked(asker: Caller, verb: str, stdin: bytes) -> Answered:
    return asker.post(f"/v1/helpers/docker/{verb}", stdin, OCTETS)


@pytest.mark.parametrize(
    ("verb", "stdin"),
    [
        ("get", b"registry.test"),
        ("get", b"registry.test\n"),
        ("get", b"https://registry.test/v2/"),
        ("get", b"nobody.test"),
        ("get", b"bearer.test"),
        ("get", b"failing.test"),
        ("get", b""),
        ("get", b"\n"),
        ("get", b"registry.test\nevil.test"),
        ("get", b"registry.test\x00"),
        ("get", b"\xff\xfe"),
        ("get", b"x" * 5000),
        ("erase", b"registry.test"),
        ("erase", b""),
        ("store", json.dumps({"ServerURL": "registry.test", "Username": "a", "Secret": "b"}).encode()),
        ("store", b"{}"),
        ("store", b"no json"),
        ("list", b""),
        ("list", b"whatever"),
    ],
    ids=repr,
)
def test_it_answers_as_the_front_end_does(caller: Caller, broker: Broker, verb: str, stdin: bytes) -> None:
    wanted = FRONT_ENDS["docker"].answer(verb, stdin, broker)
    answer = asked(caller, verb, stdin)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/octet-stream"
    assert (answer.body, answer.headers["ocibroker-exit"]) == (wanted.stdout, str(wanted.status))
    assert ("ocibroker-diagnostics" in answer.headers) == bool(wanted.diagnostics)


KUBELET = json.dumps(
    {
        "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
        "kind": "CredentialProviderRequest",
        "image": "registry.test/app:1",
    }
).encode()


@pytest.mark.parametrize(
    ("protocol", "verb", "stdin"),
    [
        ("git", "get", b"protocol=https\nhost=registry.test\n"),
        ("git", "erase", b"protocol=https\nhost=registry.test\nusername=alice\npassword=wonder\n"),
        ("git", "get", b"protocol=https\nhost=failing.test\n"),
        ("git", "capability", b""),
        ("bazel", "get", b'{"uri": "https://registry.test/v2/app/blobs/x"}'),
        ("bazel", "get", b"no json"),
        ("kubelet", "get", KUBELET),
        ("kubelet", "get", KUBELET.replace(b"registry.test", b"nobody.test")),
    ],
)
def test_every_protocol_is_answered_as_by_its_executable(
    caller: Caller, broker: Broker, protocol: str, verb: str, stdin: bytes
) -> None:
    wanted = FRONT_ENDS[protocol].answer(verb, stdin, broker)
    answer = caller.post(f"/v1/helpers/{protocol}/{verb}", stdin, OCTETS)
    assert (answer.status, answer.body) == (200, wanted.stdout)
    assert answer.headers["ocibroker-exit"] == str(wanted.status)


def test_diagnostics_are_one_line_that_a_header_can_carry(caller: Caller) -> None:
    told = asked(caller, "get", b"failing.test").headers["ocibroker-diagnostics"]
    assert told.isascii()
    assert told.isprintable()
    assert "failed?" in told


@pytest.mark.parametrize("stdin", [b"other.test", b"docker.io", b"https://index.docker.io/v1/"])
def test_a_target_out_of_reach_is_a_miss_so_that_public_images_can_be_pulled(caller: Caller, stdin: bytes) -> None:
    answer = asked(caller, "get", stdin)
    assert (answer.body, answer.headers["ocibroker-exit"]) == (b"credentials not found in native keychain\n", "1")
    assert "is named by no rule" in answer.headers["ocibroker-diagnostics"]


def test_a_client_that_logs_out_elsewhere_does_not_fail(caller: Caller) -> None:
    answer = asked(caller, "erase", b"other.test")
    assert (answer.body, answer.headers["ocibroker-exit"]) == (b"", "0")
    assert "nothing is stored" in answer.headers["ocibroker-diagnostics"]


def test_a_bug_in_a_front_end_is_told_as_one(broker: Broker) -> None:
    def broken(question: Question) -> Answer:
        raise KeyError(question.stdin)

    front = replace(FRONT_ENDS["docker"], verbs={"get": broken})
    generations = Node.of(broker).generations
    call = Call(listener=SOCKET, peer=Peer(uid=0), method="POST", path="/", headers={}, body=b"")
    with pytest.raises(KeyError):
        asyncio.run(_run(helper(front, "get", generations, Reaches()), call))


async def _run(endpoint: Endpoint, call: Call) -> Reply:
    return await endpoint(call)


def test_list_names_only_what_is_within_reach(desk: Desk) -> None:
    text = '[sidecar]\ntargets = ["one.test"]\n' + rule("one.test") + rule("two.test")
    answer = asked(Node.of(desk.broker(text)).caller, "list", b"")
    assert json.loads(answer.body) == {"one.test": "alice"}


@pytest.mark.parametrize(
    "path", ["nobody/get", "docker/forget", "docker/", "docker/get/x", "/docker/get", "kubelet/erase"]
)
def test_other_protocols_and_verbs_are_not_there(caller: Caller, path: str) -> None:
    answer = caller.post(f"/v1/helpers/{path}", b"registry.test", OCTETS)
    assert (answer.status, answer.code) == (404, "no_such_endpoint")


def test_json_is_not_taken_for_bytes(caller: Caller) -> None:
    assert caller.post("/v1/helpers/docker/get", b"registry.test", HEADERS).status == 415


def test_a_slow_provider_holds_nobody_else(desk: Desk) -> None:
    released = threading.Event()

    def slow(_: object) -> Basic:
        released.wait(20)
        return ALICE

    offered = [MadeProvider(slow, name="slow"), giving(ALICE, name="quick")]
    text = made_rule("slow.test", provider="slow") + made_rule("quick.test", provider="quick")
    caller = Node.of(desk.broker(text, offered=offered)).caller
    head = OCTETS

    async def both() -> list[Answered]:
        waiting = asyncio.ensure_future(caller.sent("POST", "/v1/helpers/docker/get", head, [b"slow.test"]))
        await asyncio.sleep(0)
        quick = await caller.sent("POST", "/v1/helpers/docker/get", head, [b"quick.test"])
        assert not waiting.done()
        released.set()
        return [quick, await waiting]

    assert [json.loads(one.body)["Username"] for one in asyncio.run(both())] == ["alice", "alice"]


def test_list_does_not_tell_of_rules_out_of_reach(desk: Desk) -> None:
    text = '[sidecar]\ntargets = ["one.test"]\n' + rule("one.test") + rule("secret.test")
    answer = asked(Node.of(desk.broker(text)).caller, "list", b"")
    assert "secret.test" not in str(answer)


def test_a_long_list_is_made_in_a_short_time_in_which_others_get_their_turn(desk: Desk) -> None:
    """A hundred took seconds, in one piece, where every answer was looked for among all."""
    names = [f"r{number}.test" for number in range(100)]
    caller = Node.of(desk.broker("".join(map(rule, names)))).caller
    asked(caller, "list", b"")
    answer, turns = turns_beside(caller, "/v1/helpers/docker/list", OCTETS, b"")
    assert len(json.loads(answer.body)) == len(names)
    assert turns >= len(names) - 1


@pytest.mark.parametrize(
    ("path", "head", "body"),
    [
        ("/v1/helpers/docker/erase", OCTETS, b"slow.test"),
        ("/v1/helpers/docker/store", OCTETS, b'{"ServerURL":"slow.test","Username":"a","Secret":"b"}'),
        ("/v1/trust", HEADERS, b'{"host":"slow.test"}'),
    ],
)
def test_a_program_that_tells_a_keys_password_holds_nobody_else(
    desk: Desk, tmp_path: Path, path: str, head: Head, body: bytes
) -> None:
    program = tmp_path / "password"
    program.write_text("#!/bin/sh\nsleep 0.2\necho password\n")
    program.chmod(0o700)
    pair = f'client_cert = "{tmp_path}/cert.pem"\nclient_key = "{tmp_path}/key.pem"\n'
    password = f'client_key_password = {{ exec = ["{program}"] }}\n'
    broker = desk.broker(rule("slow.test") + f'[[tls]]\nmatch = "slow.test"\n{pair}{password}')
    answer, turns = turns_beside(Node.of(broker).caller, path, head, body)
    assert answer.status == 200
    assert turns > 100


def turns_beside(caller: Caller, path: str, head: Head, body: bytes) -> tuple[Answered, int]:
    """Return the answer, and how often the event loop came round to others meanwhile."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def both() -> Answered:
        waiting = asyncio.create_task(others())
        answer = await caller.sent("POST", path, head, [body])
        waiting.cancel()
        return answer

    return asyncio.run(both()), turns
