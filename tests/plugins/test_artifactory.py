"""Artifactory: a token as it is, or one that the platform makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import pytest

from ocibroker import Basic
from ocibroker.errors import CredentialUnavailable, IdentityRefused
from ocibroker.testing import Authority, ProviderContract
from ocibroker_artifactory import ArtifactoryProvider
from tests.transport.answering_server import AnsweringServer, answering
from tests.transport.brokers import Desk
from tests.vendors.asking import answered, complaint, failure, pair, rule
from tests.vendors.jfrog import Platform

HOST, PLATFORM = "docker.acme.example", "acme.jfrog.example"
TOKEN, MADE = "identity-t0ken-of-the-contract", "access-t0ken-of-the-contract"


class _Contract(ProviderContract):
    provider = ArtifactoryProvider()
    look_alikes = ("acme.jfrog.io/docker/app", "acme.jfrog.io.evil.example")
    secrets = (TOKEN, MADE)

    def prepare(self, folder: Path) -> Mapping[str, str]:
        (folder / "token").write_text(TOKEN)
        return {}

    def answer(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        return httpx.Response(200, json={"access_token": MADE, "expires_in": 600})


class TestStatic(_Contract):
    options: Mapping[str, Any] = MappingProxyType({"username": "alice", "token": {"file": "token"}})


class TestMade(_Contract):
    options: Mapping[str, Any] = MappingProxyType(
        {"username": "alice", "token": {"file": "token"}, "expires_in": 600}
    )


@pytest.fixture
def platform() -> Platform:
    return Platform({TOKEN: "alice"})


@pytest.fixture
def server(platform: Platform, authority: Authority, desk: Desk) -> Iterator[AnsweringServer]:
    with answering(platform.answer, authority.server_context(HOST, PLATFORM)) as running:
        desk.ports |= {(HOST, 443): running.port, (PLATFORM, 443): running.port}
        yield running


def made(**options: object) -> str:
    return rule("artifactory", HOST, **{"username": "alice", "token": TOKEN, "expires_in": 600, **options})


def test_a_token_is_the_password_and_nobody_is_asked(server: AnsweringServer, desk: Desk) -> None:
    text = rule("artifactory", HOST, username="alice", token=TOKEN)
    assert answered(desk, text, HOST) == ("alice", TOKEN)
    assert server.requests == []


@pytest.mark.parametrize(("url", "asked"), [("", HOST), (f"https://{PLATFORM}/", PLATFORM)])
def test_a_token_is_made_for_the_time_that_the_rule_says(
    url: str, asked: str, server: AnsweringServer, platform: Platform, desk: Desk
) -> None:
    found = desk.broker(made(url=url)).access(HOST).credential
    assert isinstance(found, Basic)
    assert (found.username, platform.made[found.secret.reveal()]) == ("alice", "alice")
    assert found.expires_at
    assert found.issued_at
    assert found.expires_at - found.issued_at == timedelta(minutes=10)
    assert server.saw("host") == [asked]


def test_it_is_made_once(server: AnsweringServer, desk: Desk) -> None:
    broker = desk.broker(made())
    assert pair(broker, HOST) == pair(broker, HOST)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("options", "kind", "hint"),
    [
        ({"token": "revoked"}, IdentityRefused, "make another identity token"),
        ({"expires_in": 9999}, CredentialUnavailable, "above the administrator's limit"),
        ({"scope": "applied-permissions/admin"}, CredentialUnavailable, "not this user's to give"),
    ],
    ids=["revoked", "too-long", "too-much"],
)
def test_a_refusal_says_what_to_do(
    options: dict[str, Any], kind: type[CredentialUnavailable], hint: str, server: AnsweringServer, desk: Desk
) -> None:
    error = failure(desk.broker(made(**options)), HOST)
    assert (type(error), hint in error.hint) == (kind, True)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("options", "why"),
    [({"expires_in": -1}, "number of seconds"), ({"url": "http://acme.jfrog.example"}, "https://")],
    ids=["time", "url"],
)
def test_options_that_cannot_work_are_refused_when_they_are_read(
    options: dict[str, Any], why: str, tmp_path: Path
) -> None:
    assert why in complaint(tmp_path, "artifactory", username="alice", token="t", **options)
