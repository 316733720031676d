"""DigitalOcean: a credential that a personal access token makes, for a time."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import pytest

from ocibroker import Basic
from ocibroker.cli.answer import as_facts
from ocibroker.errors import CredentialUnavailable, IdentityRefused
from ocibroker.frontends.table import FRONT_ENDS
from ocibroker.testing import Authority, CannedResponse, ProviderContract
from ocibroker_digitalocean import DigitalOceanProvider
from tests.transport.answering_server import AnsweringServer, answering
from tests.transport.brokers import Desk
from tests.transport.hand_clock import HandClock
from tests.vendors.asking import complaint, failure, pair, rule
from tests.vendors.digitalocean import API, HOST, DigitalOcean

TOKEN, MADE = "dop_v1_t0ken-of-the-contract", "dop_v1_made-0f-the-contract"
SCOPES = frozenset({"registry:read", "registry:update"})
LOOK_ALIKES = (
    "registry.digitalocean.com.evil.example",
    "registry-digitalocean.com",
    "xregistry.digitalocean.com",
    "registry.digitalocean.community",
    "api.digitalocean.com",
)


class TestContract(ProviderContract):
    provider = DigitalOceanProvider()
    target = f"{HOST}/acme/app"
    look_alikes = (HOST, *LOOK_ALIKES)
    secrets = (TOKEN, MADE)
    options: Mapping[str, Any] = MappingProxyType({"token": {"file": "token"}})

    def prepare(self, folder: Path) -> Mapping[str, str]:
        (folder / "token").write_text(TOKEN)
        return {}

    def answer(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        auth = base64.b64encode(f"{MADE}:{MADE}".encode()).decode()
        return httpx.Response(200, json={"auths": {HOST: {"auth": auth}}})


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def team(clock: HandClock) -> DigitalOcean:
    return DigitalOcean({TOKEN: SCOPES, "dop_v1_reads-only": frozenset({"registry:read"})}, clock=clock.now)


@pytest.fixture
def server(team: DigitalOcean, authority: Authority, desk: Desk) -> Iterator[AnsweringServer]:
    with answering(team.answer, authority.server_context(API)) as running:
        desk.ports |= {(API, 443): running.port}
        yield running


def asked(match: str = HOST, **options: object) -> str:
    return rule("digitalocean", match, **{"token": TOKEN, **options})


@pytest.mark.parametrize(
    ("options", "registry", "writes", "seconds"),
    [
        ({}, "", False, 3600),
        ({"read_write": True}, "", True, 3600),
        ({"expiry_seconds": 600}, "", False, 600),
        ({"registry": "acme", "expiry_seconds": 600, "read_write": True}, "acme", True, 600),
    ],
    ids=["as-usual", "to-push", "for-ten-minutes", "of-one-of-several"],
)
def test_a_credential_is_made_as_the_rule_says(
    options: dict[str, Any],
    registry: str,
    writes: bool,  # noqa: FBT001  # a table's column
    seconds: int,
    server: AnsweringServer,
    team: DigitalOcean,
    desk: Desk,
    clock: HandClock,
) -> None:
    found = desk.broker(asked(**options), clock=clock).access(f"{HOST}/acme/app").credential
    assert isinstance(found, Basic)
    assert team.accepts(found.username, found.secret.reveal())
    made = team.made[found.secret.reveal()]
    assert (made.registry, made.writes) == (registry, writes)
    assert found.expires_at == made.ends == clock.now() + timedelta(seconds=seconds)


def test_it_is_made_once_and_anew_before_it_ends(
    server: AnsweringServer, team: DigitalOcean, desk: Desk, clock: HandClock
) -> None:
    broker = desk.broker(asked(), clock=clock, ahead=False)
    for _ in range(20):
        clock.move(600)
        assert team.accepts(*pair(broker, HOST))
    assert 3 <= len(server.requests) <= 6


def test_the_user_name_is_a_secret_and_nowhere_shown(server: AnsweringServer, desk: Desk) -> None:
    broker = desk.broker(asked())
    access = broker.access(f"{HOST}/acme/app")
    assert isinstance(access.credential, Basic)
    assert access.credential.username == access.credential.secret.reveal()
    told = " ".join(f"{fact}" for fact in as_facts(access))
    listed = FRONT_ENDS["docker"].answer("list", b"", broker).stdout.decode()
    assert (HOST in told, HOST in listed) == (True, True)
    for shown in (repr(access), repr(access.credential), told, listed):
        assert access.credential.username not in shown


@pytest.mark.parametrize(
    ("options", "kind", "hint"),
    [
        ({"token": "dop_v1_revoked"}, IdentityRefused, "make another personal access token"),
        ({"token": "dop_v1_reads-only"}, CredentialUnavailable, "scopes registry:read and registry:update"),
        ({"registry": "other"}, CredentialUnavailable, "correct registry"),
    ],
    ids=["revoked", "scopes", "registry"],
)
def test_a_refusal_says_what_to_do(
    options: dict[str, Any], kind: type[CredentialUnavailable], hint: str, server: AnsweringServer, desk: Desk
) -> None:
    error = failure(desk.broker(asked(**options)), HOST)
    assert (type(error), hint in error.hint) == (kind, True)
    assert len(server.requests) == 1


def test_a_team_with_several_registries_must_name_one(
    server: AnsweringServer, team: DigitalOcean, desk: Desk
) -> None:
    team.registries = frozenset({"acme", "labs"})
    assert "set registry" in failure(desk.broker(asked()), HOST).hint
    assert team.accepts(*pair(desk.broker(asked(registry="labs")), HOST))


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_service_that_is_busy_is_asked_again_later(status: int, desk: Desk, authority: Authority) -> None:
    refusal = CannedResponse.of_json({"id": "too_many_requests"}, status=status)
    with answering(lambda _: refusal, authority.server_context(API)) as running:
        desk.ports |= {(API, 443): running.port}
        assert failure(desk.broker(asked()), HOST).hint == "try again later"


@pytest.mark.parametrize(
    "auths",
    [
        {},
        {"registry.example.com": {"auth": "YTpi"}},
        {HOST: {"auth": "not base64"}},
        {HOST: {"auth": base64.b64encode(b"token").decode()}},
        {HOST: {"auth": base64.b64encode(b":token").decode()}},
        {HOST: {"auth": base64.b64encode(b"a:b\nc").decode()}},
        {HOST: {"auth": base64.b64encode(b"\xff:b").decode()}},
    ],
    ids=["empty", "another-host", "no-base64", "no-colon", "no-user", "two-lines", "no-text"],
)
def test_an_answer_without_a_credential_is_an_error(
    auths: dict[str, Any], desk: Desk, authority: Authority
) -> None:
    with answering(lambda _: CannedResponse.of_json({"auths": auths}), authority.server_context(API)) as running:
        desk.ports |= {(API, 443): running.port}
        assert "answered without a token" in failure(desk.broker(asked()), HOST).message


@pytest.mark.parametrize("host", LOOK_ALIKES)
def test_no_credential_is_made_for_a_host_that_only_looks_like_it(
    host: str, server: AnsweringServer, desk: Desk
) -> None:
    assert "is none of DigitalOcean's" in failure(desk.broker(asked(host)), host).message
    assert server.requests == []


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"expiry_seconds": 0}, "expiry_seconds"),
        ({"expiry_seconds": 10**9}, "expiry_seconds"),
        ({"registry": "a/../b"}, "no name of one"),
        ({"registry": "Acme"}, "no name of one"),
    ],
)
def test_options_that_cannot_work_are_refused_when_they_are_read(
    options: dict[str, Any], why: str, tmp_path: Path
) -> None:
    assert why in complaint(tmp_path, "digitalocean", token="t", **options)
