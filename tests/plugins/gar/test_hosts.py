"""Whose registries they are, and in which universe."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker import Anonymous
from ocibroker.provider import Target
from ocibroker_gar import GarProvider
from ocibroker_gar.registry import universe_of_host
from tests.google.emulator import OAUTH, Google
from tests.google.registries import LOOK_ALIKES, REGISTRIES, SOVEREIGN
from tests.plugins.gar.asking import ALONE, HOST, NEIGHBOUR, failure, named, rule, whose
from tests.transport.brokers import Desk

pytestmark = pytest.mark.acceptance(34)


def test_there_are_many_of_both_kinds() -> None:
    assert min(len(set(REGISTRIES)), len(set(LOOK_ALIKES))) >= 40


@pytest.mark.acceptance(35)
@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_a_look_alike_opens_no_socket(name: str, google: Google, desk: Desk) -> None:
    dialled: list[str] = []

    def route(host: str, port: int) -> tuple[str, int]:
        dialled.append(host)
        return google.route(host, port)

    broker = desk.broker(environ=named(desk, google.accounts.key("ci")), route=route)
    assert isinstance(broker.access(f"{name}/app").credential, Anonymous)
    assert (dialled, google.asked, google.looked_up) == ([], [], [])


def test_plain_http_is_somebody_elses() -> None:
    assert GarProvider().claim(Target.from_url(f"http://{HOST}/app")) is None


@given(st.text(st.characters(codec="ascii", exclude_characters="/"), max_size=3), st.integers(0, len(HOST)))
def test_no_other_text_is_a_host(inserted: str, at: int) -> None:
    changed = HOST[:at] + inserted + HOST[at:]
    # Only the location has no fixed form: what is inserted there makes another location of Google's.
    assert not universe_of_host(changed) or changed.endswith("-docker.pkg.dev")


@given(st.text(max_size=30))
def test_what_is_claimed_ends_in_a_domain_of_googles(text: str) -> None:
    ends = ("gcr.io", "-docker.pkg.dev", ".rep.pkg.dev", SOVEREIGN)
    assert not universe_of_host(text) or text.endswith(ends)


def test_one_token_opens_every_registry(google: Google, desk: Desk) -> None:
    broker = desk.broker(environ=named(desk, google.accounts.key("ci")), route=google.route)
    first, second = (broker.access(f"{host}/acme/app") for host in (HOST, NEIGHBOUR))
    assert first.credential is second.credential
    assert (first.origin.host, second.origin.host) == (HOST, NEIGHBOUR)
    assert google.asked == [OAUTH]


def test_a_host_of_ones_own_needs_a_rule(google: Google, desk: Desk) -> None:
    key = google.accounts.key("ci")
    broker = desk.broker(rule("registry.corp.test"), environ=named(desk, key), route=google.route)
    assert whose(google, broker, "registry.corp.test") == key["client_email"]


def test_a_host_of_ones_own_is_never_anonymous(google: Google, desk: Desk) -> None:
    broker = desk.broker(rule("registry.corp.test"), environ={**ALONE, "HOME": str(desk.folder)})
    error = failure(broker, "registry.corp.test")
    assert "no Google identity was found" in error.message
    assert "gcloud auth application-default login" in error.hint


class TestUniverse:
    """A token of one cloud is nothing for another."""

    def test_a_key_of_another_is_not_used(self, google: Google, desk: Desk) -> None:
        broker = desk.broker(environ=named(desk, google.accounts.key("ci")), route=google.route)
        error = failure(broker, SOVEREIGN)
        assert "is of another universe than the registry, which is in s3nsapis.fr" in error.message
        assert google.asked == []

    def test_a_machine_in_another_is_not_used(self, google: Google, desk: Desk) -> None:
        google.metadata.principal, google.metadata.universe = "machine", "s3nsapis.fr"
        error = failure(desk.broker(environ={"HOME": str(desk.folder)}, route=google.route))
        assert "in another universe" in error.message
        assert [path.rpartition("/")[2] for path in google.looked_up] == ["universe-domain"]

    def test_a_machine_in_the_same_is_used(self, google: Google, desk: Desk) -> None:
        google.metadata.principal, google.metadata.universe = "machine", "s3nsapis.fr"
        broker = desk.broker(environ={"HOME": str(desk.folder)}, route=google.route)
        assert whose(google, broker, SOVEREIGN) == "machine"

    def test_the_rule_cannot_move_a_host_of_googles(self, google: Google, desk: Desk) -> None:
        error = failure(desk.broker(rule(universe_domain="s3nsapis.fr"), route=google.route))
        assert "the host is in the universe googleapis.com" in error.message

    def test_the_rule_says_it_for_a_host_of_ones_own(self, google: Google, desk: Desk) -> None:
        google.metadata.principal, google.metadata.universe = "machine", "apis.example"
        text = rule("registry.corp.test", universe_domain="apis.example")
        broker = desk.broker(text, environ={"HOME": str(desk.folder)}, route=google.route)
        assert whose(google, broker, "registry.corp.test") == "machine"

    @pytest.mark.parametrize("universe", ["evil.example/", "-", "localhost", "a b.example"])
    def test_what_is_no_domain_is_refused(self, universe: str, desk: Desk) -> None:
        text = rule("registry.corp.test", universe_domain=universe)
        assert "universe_domain is no domain" in failure(desk.broker(text), "registry.corp.test").message
