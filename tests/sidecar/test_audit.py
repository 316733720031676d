"""Who got what: each way by which a credential leaves the application, or does not, is told once."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ocibroker import Anonymous, Basic, Bearer, Broker, Secret
from ocibroker.audit import Claimed
from ocibroker.config import SidecarSettings, UnixListening
from ocibroker.errors import CredentialUnavailable
from ocibroker.provider import Identity
from ocibroker.sidecar.application import Application
from ocibroker.sidecar.listener import nobody
from tests.audit.test_claimed import POD, token
from tests.sidecar.asgi import HEADERS, OCTETS, SOCKET, Caller
from tests.sidecar.node import Node
from tests.sidecar.served import Client, served
from tests.sidecar.test_repeats import MARKED, question
from tests.sidecar.trails import Notes
from tests.transport.brokers import Desk, made_rule
from tests.transport.made_provider import MadeProvider, giving

ALICE = Basic(username="alice", secret=Secret("wonder"))


def _fail(_: object) -> Basic:
    raise CredentialUnavailable("no")


@pytest.fixture
def broker(desk: Desk) -> Broker:
    offered = [
        MadeProvider(lambda _: ALICE, identity=lambda: Identity(("arn:aws:iam::1:role/pull", "eu-west-1"))),
        giving(Anonymous("nobody is here"), name="nobody"),
        giving(Bearer(secret=Secret("t")), name="bearer"),
        MadeProvider(_fail, name="failing"),
    ]
    names = {"registry.test": "made", "nobody.test": "nobody", "bearer.test": "bearer", "failing.test": "failing"}
    return desk.broker("".join(made_rule(host, provider=name) for host, name in names.items()), offered=offered)


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def caller(broker: Broker, notes: Notes) -> Caller:
    return Caller(Application(Node.of(broker).generations, audit=notes))


@pytest.mark.parametrize(
    ("asked", "event", "outcome", "target", "provider", "error"),
    [
        ({"registry": "registry.test", "repository": "a/b"}, "access", "given", "registry.test/a/b", "made", ""),
        ({"registry": "nobody.test"}, "access", "given", "nobody.test", "nobody", ""),
        ({"registry": "failing.test"}, "access", "failed", "failing.test", "", "credential_unavailable"),
        ({"registry": "other.test"}, "access", "denied", "other.test", "", "target_not_allowed"),
        ({"registry": "https://registry.test"}, "access", "failed", "", "", "invalid_target"),
        ({"registry": 7}, "access", "failed", "", "", "usage_error"),
        (b"\xff", "access", "failed", "", "", "usage_error"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_question_is_one_record(
    caller: Caller, notes: Notes, asked: object, event: str, outcome: str, target: str, provider: str, error: str
) -> None:
    caller.post("/v1/credentials", asked)
    ((listener, peer, deed),) = notes.told
    assert (listener, peer.uid, deed.endpoint) == ("socket", 1000, "/v1/credentials")
    assert (deed.event, deed.outcome, str(deed.target)) == (event, outcome, target)
    assert (deed.provider, deed.error) == (provider, error)


def test_it_names_the_identity_that_the_credential_is_bound_to(caller: Caller, notes: Notes) -> None:
    caller.post("/v1/credentials", {"registry": "registry.test"})
    assert notes.deeds[0].identity == ("arn:aws:iam::1:role/pull", "eu-west-1")
    assert notes.deeds[0].credential == ALICE


def test_an_identity_that_is_no_unicode_is_told_all_the_same(desk: Desk, notes: Notes) -> None:
    made = MadeProvider(lambda _: ALICE, identity=lambda: Identity(("/home/\udcff/token",)))
    broker = desk.broker(made_rule("registry.test"), offered=[made])
    Caller(Application(Node.of(broker).generations, audit=notes)).post(
        "/v1/credentials", {"registry": "registry.test"}
    )
    assert notes.deeds[0].identity == (r"/home/\udcff/token",)


@pytest.mark.parametrize(
    ("verb", "stdin", "outcomes"),
    [
        ("get", b"registry.test", [("given", "registry.test", "")]),
        ("get", b"nobody.test", [("given", "nobody.test", "")]),
        ("get", b"bearer.test", [("failed", "bearer.test", "cannot_carry")]),
        ("get", b"failing.test", [("failed", "failing.test", "credential_unavailable")]),
        ("get", b"other.test", [("denied", "other.test", "target_not_allowed")]),
        ("get", b"not a host", []),
        ("store", b'{"ServerURL":"registry.test","Username":"a","Secret":"b"}', []),
    ],
    ids=lambda value: value.decode()[:20] if isinstance(value, bytes) else "",
)
def test_a_helper_s_question_is_one_record_of_what_came_of_it(
    caller: Caller, notes: Notes, verb: str, stdin: bytes, outcomes: list[tuple[str, str, str]]
) -> None:
    caller.post(f"/v1/helpers/docker/{verb}", stdin, OCTETS)
    assert [(deed.outcome, str(deed.target), deed.error) for deed in notes.deeds] == outcomes
    assert {deed.endpoint for deed in notes.deeds} <= {f"/v1/helpers/docker/{verb}"}


def test_who_lists_names_gets_no_credential(caller: Caller, notes: Notes) -> None:
    caller.post("/v1/helpers/docker/list", b"", OCTETS)
    told = {str(deed.target): (deed.outcome, isinstance(deed.credential, Basic)) for deed in notes.deeds}
    assert told["registry.test"] == ("done", False)


def test_what_a_workload_s_token_says_is_claimed(caller: Caller, notes: Notes) -> None:
    asked = {"registry": "registry.test", "caller": {"token": token(POD)}}
    request = {
        "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
        "kind": "CredentialProviderRequest",
        "image": "registry.test/app:1",
        "serviceAccountToken": token(POD),
    }
    caller.post("/v1/credentials", asked)
    caller.post("/v1/credentials", {**asked, "registry": "other.test"})
    caller.post("/v1/helpers/kubelet/get", json.dumps(request).encode(), OCTETS)
    said = [deed.claimed for deed in notes.deeds]
    assert [isinstance(one, Claimed) and one.pod for one in said] == ["web-0"] * 3


def test_trust_and_what_is_no_question_are_no_records(caller: Caller, notes: Notes) -> None:
    caller.post("/v1/trust", {"host": "registry.test"})
    caller.send("GET", "/v1/credentials")
    caller.post("/v1/nothing", {})
    assert notes.told == []


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ([*HEADERS, (b"origin", b"https://evil.test")], "address"),
        ([(b"host", b"evil.test"), *HEADERS[1:]], "address"),
    ],
)
def test_who_is_turned_away_by_the_head_is_told_of(broker: Broker, head: Any, reason: str) -> None:  # noqa: ANN401
    denied: list[tuple[str, int | None, str]] = []
    application = Application(
        Node.of(broker).generations, denied=lambda name, peer, why: denied.append((name, peer.uid, why))
    )
    Caller(application).send("POST", "/v1/credentials", head)
    assert denied == [("socket", 1000, reason)]


def test_a_wrong_bearer_is_told_of(broker: Broker) -> None:
    denied: list[str] = []
    application = Application(Node.of(broker).generations, denied=lambda *said: denied.append(said[2]))
    Caller(application, replace(SOCKET, admits=nobody)).post("/v1/credentials", {"registry": "registry.test"})
    assert denied == ["bearer"]


def test_each_answer_is_a_record_also_of_what_repeats(broker: Broker, notes: Notes, folder: Path) -> None:
    application = Application(Node.of(broker).generations, audit=notes)
    settings = SidecarSettings(socket=UnixListening(path=folder / "s"))
    with (
        served(settings, application=application, repeat=application.repeat),
        Client.of(folder / "s") as client,
    ):
        for _ in range(5):
            client.send(question())
            assert client.reply().status == 200
        assert client.ask("/v1/helpers/docker/get", MARKED[0], body=b"x").status == 415
    assert len(notes.told) == 5
    assert len({id(deed) for deed in notes.deeds}) == 1
