"""What a token of Entra ID is for: registries; Resource Manager only where Entra ID knows no such audience."""

from __future__ import annotations

import pytest

from tests.azure.directory import ACR, ARM
from tests.azure.emulator import STACK, Azure
from tests.azure.refusal import Refusal
from tests.plugins.acr.asking import HOST, OWN, environment, failure, rule, user, whose
from tests.transport.brokers import Desk

pytestmark = pytest.mark.acceptance(34)


def test_it_is_the_registries(azure: Azure, desk: Desk) -> None:
    assert whose(azure, desk.broker(environ=user(azure, "alice"), route=azure.route)) == "alice"
    assert azure.directory.asked == [("alice", ACR)]


@pytest.mark.parametrize("number", [500011, 50001])
def test_resource_manager_takes_its_place_where_entra_id_does_not_know_it(
    number: int, azure: Azure, desk: Desk
) -> None:
    azure.entra.refusals.append(Refusal("invalid_resource", number))
    assert whose(azure, desk.broker(environ=user(azure, "alice"), route=azure.route)) == "alice"
    assert azure.directory.asked == [("alice", ARM)]


def test_for_a_managed_identity_too(azure: Azure, desk: Desk) -> None:
    azure.metadata.system = "machine"
    azure.directory.audiences = {ARM}
    assert whose(azure, desk.broker(environ={}, route=azure.route)) == "machine"
    assert azure.directory.asked == [("machine", ACR), ("machine", ARM)]


@pytest.mark.parametrize(
    "refusal", [Refusal("invalid_client", 7000215, 401), Refusal("invalid_scope", 70011), Refusal("x", 90002)]
)
def test_no_other_error_leads_there(refusal: Refusal, azure: Azure, desk: Desk) -> None:
    azure.entra.refusals.append(refusal)
    failure(desk.broker(environ=user(azure, "alice"), route=azure.route))
    assert azure.directory.asked == []


def test_a_registry_that_refuses_does_not_lead_there(azure: Azure, desk: Desk) -> None:
    azure.registry.refusals.append(Refusal("UNAUTHORIZED", status=401))
    failure(desk.broker(environ=user(azure, "alice"), route=azure.route))
    assert azure.directory.asked == [("alice", ACR)]


def test_where_neither_is_known_the_error_says_so(azure: Azure, desk: Desk) -> None:
    azure.directory.audiences = set()
    error = failure(desk.broker(environ=user(azure, "alice"), route=azure.route))
    assert "AADSTS500011, invalid_resource" in error.message
    assert error.message.endswith(f"; tried AZURE_CLIENT_SECRET of the environment, again for {ARM}")


@pytest.mark.parametrize(("said", "asked"), [("acr", ACR), ("arm", ARM), ("https://own.test/", "https://own.test")])
def test_a_rule_skips_the_guess(said: str, asked: str, azure: Azure, desk: Desk) -> None:
    azure.directory.audiences = set()
    failure(desk.broker(rule(audience=said), environ=user(azure, "alice"), route=azure.route))
    assert azure.directory.asked == [("alice", asked)]


def test_a_registry_may_want_its_own_audience(azure: Azure, desk: Desk) -> None:
    azure.registry.arm = False
    environ = user(azure, "alice")
    assert whose(azure, desk.broker(environ=environ, route=azure.route)) == "alice"
    error = failure(desk.broker(rule(audience="arm"), environ=environ, route=azure.route))
    assert ("UNAUTHORIZED, status 401" in error.message, "another audience" in error.hint) == (True, True)


@pytest.mark.parametrize("said", ["", "ARM", "http://own.test", "own.test", "https://own.test/ x", "https://é"])
def test_what_is_no_audience_is_refused(said: str, azure: Azure, desk: Desk) -> None:
    error = failure(desk.broker(rule(audience=said), environ=user(azure, "alice"), route=azure.route))
    assert (error.culprit, azure.asked) == ("audience", [])


class TestCloudOfOnesOwn:
    def test_it_names_its_own(self, azure: Azure, desk: Desk) -> None:
        directory = azure.entras[STACK].directory
        directory.audiences = {"https://management.stack.test"}
        environ = environment(directory, *directory.with_secret("alice"))
        text = rule(OWN, authority_host=STACK, audience="https://management.stack.test/")
        assert whose(azure, desk.broker(text, environ=environ, route=azure.route), OWN) == "alice"

    def test_that_of_its_resource_manager_is_not_known(self, azure: Azure, desk: Desk) -> None:
        text = rule(OWN, authority_host=STACK, audience="arm")
        error = failure(desk.broker(text, environ=user(azure, "alice"), route=azure.route), OWN)
        assert f"which audience Resource Manager has at {STACK} is not known" in error.message

    def test_so_there_is_nothing_to_fall_back_to(self, azure: Azure, desk: Desk) -> None:
        directory = azure.entras[STACK].directory
        directory.audiences = set()
        environ = environment(directory, *directory.with_secret("alice"))
        text = rule(OWN, authority_host=STACK)
        assert "AADSTS500011" in failure(desk.broker(text, environ=environ, route=azure.route), OWN).message
        assert (directory.asked, HOST in azure.asked) == ([("alice", ACR)], False)
