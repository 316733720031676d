"""A listener with ``exchange``: tokens of one repository, and never the credential that they were got with."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from ocibroker import Anonymous, Basic, Bearer, IdentityToken, Secret, Target
from ocibroker.errors import NoIdentity
from ocibroker.provider import Claim, Strength
from ocibroker.testing import Authority, CannedResponse, EmbeddedRegistry
from tests.sidecar.asgi import OCTETS, Answered
from tests.sidecar.node import Node
from tests.transport.brokers import Desk, made_rule
from tests.transport.canary import Canary, everything_logged
from tests.transport.hand_clock import HandClock
from tests.transport.made_provider import MadeProvider, giving

EXCHANGE = "[sidecar]\nexchange = true\n"


@pytest.fixture
def canary() -> Canary:
    return Canary()


@pytest.fixture
def registry(authority: Authority, canary: Canary, clock: HandClock) -> Iterator[EmbeddedRegistry]:
    with EmbeddedRegistry(
        tls=authority.server_context("localhost"),
        auth="token",
        users={"alice": canary.ascii.reveal()},
        refresh_tokens={canary.ascii.reveal(): "alice"},
        clock=clock.epoch,
    ) as running:
        yield running


class Claiming(MadeProvider):
    """Claims every registry, without a rule."""

    def claim(self, target: Target) -> Claim | None:
        return Claim(Strength.EXACT, "it is ours")


def node_of(desk: Desk, registry: EmbeddedRegistry, provider: MadeProvider, **more: Any) -> Node:  # noqa: ANN401
    return Node.of(desk.broker(EXCHANGE + made_rule(registry.address), offered=[provider], **more))


def asked(node: Node, registry: EmbeddedRegistry, **more: Any) -> Answered:  # noqa: ANN401  # fields
    question = {"registry": registry.address, "repository": "team/app", **more}
    return node.caller.post("/v1/credentials", question)


def scopes(registry: EmbeddedRegistry) -> list[list[str]]:
    """Return the scopes of every token that was asked for."""
    asked_for = [one for one in registry.requests if one.path == "/token"]
    return [[*(one.query.get("scope") or parse_qs(one.body.decode())["scope"])] for one in asked_for]


@pytest.mark.parametrize("kind", ["basic", "identity token"])
def test_a_caller_gets_a_token_of_the_repository_for_the_actions_that_it_named(
    desk: Desk, registry: EmbeddedRegistry, clock: HandClock, canary: Canary, kind: str
) -> None:
    basic = Basic(username="alice", secret=canary.ascii)
    made = giving(basic if kind == "basic" else IdentityToken(secret=canary.ascii))
    node = node_of(desk, registry, made, clock=clock)
    answer = asked(node, registry, actions=["push", "pull"])
    assert (answer.data["kind"], answer.data["provider"]) == ("bearer", "made")
    assert answer.data["username"] is None
    assert answer.data["expires_at"] is not None
    assert scopes(registry) == [["repository:team/app:pull,push"]]
    assert canary.hits(answer.body.decode()) == []


def test_the_token_opens_the_registry(
    desk: Desk, registry: EmbeddedRegistry, canary: Canary, authority: Authority, clock: HandClock
) -> None:
    registry.push("team/app", "1", b"{}", "application/vnd.oci.image.manifest.v1+json")
    node = node_of(desk, registry, giving(Basic(username="alice", secret=canary.ascii)), clock=clock)
    token = Secret(asked(node, registry).data["secret"])
    plain = desk.broker(made_rule(registry.address), offered=[giving(Bearer(secret=token))])
    with plain.access(f"{registry.address}/team/app").client() as http:
        assert http.get("/v2/team/app/tags/list").status_code == httpx.codes.OK
    assert [one.headers.get("authorization", "")[:6] for one in registry.requests][-1] == "Bearer"


def test_a_token_is_got_once_and_again_before_its_end(
    desk: Desk, registry: EmbeddedRegistry, canary: Canary, clock: HandClock
) -> None:
    made = giving(Basic(username="alice", secret=canary.ascii))
    node = node_of(desk, registry, made, clock=clock, ahead=False)
    first = {asked(node, registry).data["secret"] for _ in range(3)}
    assert (len(first), len(scopes(registry)), made.fetched) == (1, 1, 1)
    clock.move(280)
    assert asked(node, registry).data["secret"] not in first
    assert (len(scopes(registry)), made.fetched) == (2, 1)


def test_each_repository_and_each_set_of_actions_has_a_token_of_its_own(
    desk: Desk, registry: EmbeddedRegistry, canary: Canary
) -> None:
    node = node_of(desk, registry, giving(Basic(username="alice", secret=canary.ascii)))
    questions: list[dict[str, object]] = [{}, {"repository": "team/other"}, {"actions": ["push"]}]
    tokens = {asked(node, registry, **question).data["secret"] for question in questions}
    assert len(tokens) == 3
    assert scopes(registry) == [
        ["repository:team/app:pull"],
        ["repository:team/other:pull"],
        ["repository:team/app:push"],
    ]


def test_without_a_repository_there_is_no_token(desk: Desk, registry: EmbeddedRegistry, canary: Canary) -> None:
    node = node_of(desk, registry, giving(Basic(username="alice", secret=canary.ascii)))
    answer = asked(node, registry, repository="")
    assert (answer.status, answer.code, [*registry.requests]) == (400, "usage_error", [])


def test_anonymous_access_stays_what_it_is(desk: Desk, registry: EmbeddedRegistry) -> None:
    node = node_of(desk, registry, giving(Anonymous("nobody is logged in")))
    assert asked(node, registry).data["kind"] == "anonymous"
    assert [*registry.requests] == []


class TestALoginOfAnotherTool:
    """It is asked for where the provider that claims the registry finds no identity, and needs ``ambient``."""

    def node(self, desk: Desk, registry: EmbeddedRegistry, canary: Canary, home: Path, more: str) -> Node:
        def nobody(_: object) -> Basic:
            raise NoIdentity("nobody is here")

        login = base64.b64encode(f"alice:{canary.ascii.reveal()}".encode()).decode()
        (home / ".docker").mkdir()
        (home / ".docker" / "config.json").write_text(json.dumps({"auths": {registry.address: {"auth": login}}}))
        text = f'{EXCHANGE}prefetch = ["{registry.address}"]\n{more}'
        return Node.of(desk.broker(text, offered=[Claiming(nobody)], environ={"HOME": str(home)}))

    def test_no_token_is_given_that_was_got_with_it(
        self, desk: Desk, registry: EmbeddedRegistry, canary: Canary, tmp_path: Path
    ) -> None:
        answer = asked(self.node(desk, registry, canary, tmp_path, ""), registry)
        assert (answer.status, answer.code) == (403, "target_not_allowed")

    def test_an_ambient_listener_gives_one_and_says_whose_it_is(
        self, desk: Desk, registry: EmbeddedRegistry, canary: Canary, tmp_path: Path
    ) -> None:
        node = self.node(desk, registry, canary, tmp_path, "ambient = true\n")
        answers = [asked(node, registry).data for _ in range(2)]
        assert {(one["kind"], one["provider"]) for one in answers} == {("bearer", "docker-config")}
        assert len(scopes(registry)) == 1


class TestWhatCannotBeExchanged:
    """The credential stays where it is, and the error says why."""

    @pytest.fixture
    def basic_only(self, authority: Authority, canary: Canary) -> Iterator[EmbeddedRegistry]:
        with EmbeddedRegistry(
            tls=authority.server_context("localhost"), users={"alice": canary.ascii.reveal()}
        ) as running:
            yield running

    def test_a_registry_without_token_endpoint(
        self, desk: Desk, basic_only: EmbeddedRegistry, canary: Canary, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("DEBUG")
        node = node_of(desk, basic_only, giving(Basic(username="alice", secret=canary.ascii)))
        answer = asked(node, basic_only)
        assert (answer.status, answer.code) == (422, "cannot_carry")
        assert "no token endpoint" in answer.data["detail"]
        assert [one.headers.get("authorization") for one in basic_only.requests] == [None]
        assert canary.hits(answer.body.decode() + everything_logged(caplog.records)) == []

    def test_a_bearer_token_of_the_providers(self, desk: Desk, registry: EmbeddedRegistry, canary: Canary) -> None:
        answer = asked(node_of(desk, registry, giving(Bearer(secret=canary.ascii))), registry)
        assert (answer.status, answer.code) == (422, "cannot_carry")
        assert canary.hits(answer.body.decode()) == []

    @pytest.mark.parametrize("status", [400, 401, 403])
    def test_a_credential_that_is_refused(
        self, desk: Desk, registry: EmbeddedRegistry, canary: Canary, status: int
    ) -> None:
        registry.responses["/token"] = CannedResponse(status, {}, canary.ascii.reveal().encode())
        answer = asked(node_of(desk, registry, giving(Basic(username="alice", secret=canary.ascii))), registry)
        assert (answer.status, answer.code) == (502, "registry_refused")
        assert canary.hits(answer.body.decode()) == []

    def test_an_endpoint_that_gives_the_credential_itself_back(
        self, desk: Desk, registry: EmbeddedRegistry, canary: Canary
    ) -> None:
        body = b'{"token":"' + canary.ascii.reveal().encode() + b'"}'
        registry.responses["/token"] = CannedResponse(200, {"Content-Type": "application/json"}, body)
        answer = asked(node_of(desk, registry, giving(Basic(username="alice", secret=canary.ascii))), registry)
        assert (answer.status, answer.code) == (502, "integrity_error")
        assert canary.hits(answer.body.decode()) == []

    def test_a_realm_elsewhere_gets_nothing(
        self, desk: Desk, authority: Authority, canary: Canary, registry: EmbeddedRegistry
    ) -> None:
        with EmbeddedRegistry(
            tls=authority.server_context("localhost"), auth="token", users={"a": "b"}, realm=f"{registry.url}/token"
        ) as misleading:
            made = giving(Basic(username="alice", secret=canary.ascii))
            answer = asked(node_of(desk, misleading, made), misleading)
            assert (answer.status, answer.code) == (502, "realm_refused")
        assert [*registry.requests] == []


def test_a_credential_that_has_expired_elsewhere_is_fetched_anew(
    desk: Desk, registry: EmbeddedRegistry, canary: Canary
) -> None:
    stale = Basic(username="alice", secret=Secret("stale"))
    made = giving(stale, Basic(username="alice", secret=canary.ascii))
    answer = asked(node_of(desk, registry, made), registry)
    assert (answer.data["kind"], made.fetched) == ("bearer", 2)


class TestDocker:
    """Docker's protocol has no place for a token."""

    def test_get_says_so_and_gives_nothing(self, desk: Desk, registry: EmbeddedRegistry, canary: Canary) -> None:
        node = node_of(desk, registry, giving(Basic(username="alice", secret=canary.ascii)))
        answer = node.caller.post("/v1/helpers/docker/get", registry.address.encode(), OCTETS)
        assert (answer.status, answer.headers["ocibroker-exit"]) == (200, "1")
        assert b"tokens of one repository only" in answer.body
        assert canary.hits(answer.body.decode() + str(answer.headers)) == []

    def test_list_names_nobody(
        self, desk: Desk, registry: EmbeddedRegistry, canary: Canary, tmp_path: Path
    ) -> None:
        made = giving(Basic(username="alice", secret=canary.ascii))
        answer = node_of(desk, registry, made).caller.post("/v1/helpers/docker/list", b"", OCTETS)
        assert (answer.body, made.fetched) == (b"{}\n", 0)
