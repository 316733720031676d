"""``access(exchange=True)``: a token of one repository in the credential's place."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from ocibroker import Anonymous, Bearer
from ocibroker.errors import UsageError
from ocibroker.testing import Authority, EmbeddedRegistry
from tests.transport.brokers import MODES, Desk, Mode, ask, exchange, rule

TAGS = "/v2/team/app/tags/list"


@pytest.fixture
def registry(authority: Authority) -> Iterator[EmbeddedRegistry]:
    with EmbeddedRegistry(
        tls=authority.server_context("localhost"), auth="token", users={"alice": "wonder"}
    ) as one:
        one.push("team/app", "1", b"{}", "application/vnd.oci.image.manifest.v1+json")
        yield one


def grants(registry: EmbeddedRegistry) -> int:
    return sum(one.path == "/token" for one in registry.requests)


@pytest.mark.parametrize("mode", MODES)
def test_the_access_works_with_the_token_alone(desk: Desk, registry: EmbeddedRegistry, mode: Mode) -> None:
    broker = desk.broker(rule(registry.address))
    access = ask(broker, mode, f"{registry.address}/team/app", exchange=True)
    assert isinstance(access.credential, Bearer)
    assert access.provider == "basic"
    assert exchange(access, mode, "GET", TAGS).status_code == httpx.codes.OK
    assert ask(broker, mode, f"{registry.address}/team/app", exchange=True) is access
    assert grants(registry) == 1


@pytest.mark.parametrize("mode", MODES)
def test_a_token_that_the_registry_refuses_is_got_anew(desk: Desk, registry: EmbeddedRegistry, mode: Mode) -> None:
    access = ask(desk.broker(rule(registry.address)), mode, f"{registry.address}/team/app", exchange=True)
    registry.revoke()
    assert exchange(access, mode, "GET", TAGS).status_code == httpx.codes.OK
    assert grants(registry) == 2


@pytest.mark.parametrize("mode", MODES)
def test_token_and_credential_are_remembered_apart(desk: Desk, registry: EmbeddedRegistry, mode: Mode) -> None:
    broker, target = desk.broker(rule(registry.address)), f"{registry.address}/team/app"
    kinds = [type(ask(broker, mode, target, exchange=wanted).credential) for wanted in (True, False, True, False)]
    assert kinds[0] is kinds[2] is Bearer
    assert kinds[1] is kinds[3] is not Bearer


@pytest.mark.parametrize("mode", MODES)
def test_without_a_repository_it_is_an_error(desk: Desk, mode: Mode) -> None:
    with pytest.raises(UsageError, match="names no repository"):
        ask(desk.broker(rule("registry.test")), mode, "registry.test", exchange=True)


@pytest.mark.parametrize("mode", MODES)
def test_where_nobody_answers_access_is_anonymous(desk: Desk, mode: Mode) -> None:
    access = ask(desk.broker(), mode, "registry.test/app", exchange=True)
    assert isinstance(access.credential, Anonymous)
    assert access.provider is None


@pytest.mark.parametrize("mode", MODES)
def test_what_was_refused_is_fetched_anew_and_is_given_where_there_is_no_other(desk: Desk, mode: Mode) -> None:
    broker = desk.broker(rule("registry.test"))
    known = ask(broker, mode, "registry.test").credential
    assert not isinstance(known, Anonymous)
    assert ask(broker, mode, "registry.test", refused=known).credential == known
