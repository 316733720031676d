"""Whose registries, and in which cloud."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker import Anonymous
from ocibroker.provider import Target
from ocibroker_acr import AcrProvider
from ocibroker_acr.registry import suffix_of
from tests.azure.directory import ACR
from tests.azure.emulator import CHINA, GOVERNMENT, STACK, Azure
from tests.azure.registries import LOOK_ALIKES, REGISTRIES
from tests.plugins.acr.asking import ENTRA, HOST, OWN, environment, failure, rule, user, whose
from tests.transport.brokers import Desk

pytestmark = pytest.mark.acceptance(34)

GEO = "myregistry.westeurope.geo.azurecr.io"
CN, US = "myregistry.azurecr.cn", "myregistry.azurecr.us"


def test_there_are_many_of_both_kinds() -> None:
    assert min(len(REGISTRIES), len(LOOK_ALIKES)) >= 40


@pytest.mark.parametrize(("host", "signing"), REGISTRIES.items())
def test_the_host_says_who_signs_in(host: str, signing: str, azure: Azure, desk: Desk) -> None:
    environ = environment(azure.directory, *azure.directory.with_secret("alice"))
    dialled: list[str] = []

    def route(name: str, port: int) -> tuple[str, int]:
        dialled.append(name)
        return azure.route(name, port)

    error = failure(desk.broker(environ={**environ, "AZURE_TENANT_ID": "another"}, route=route), host)
    assert ("AADSTS90002" in error.message, dialled) == (True, [signing])


@pytest.mark.acceptance(35)
@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_a_look_alike_opens_no_socket(name: str, azure: Azure, desk: Desk) -> None:
    dialled: list[str] = []

    def route(host: str, port: int) -> tuple[str, int]:
        dialled.append(host)
        return azure.route(host, port)

    broker = desk.broker(environ=user(azure, "alice"), route=route)
    assert isinstance(broker.access(f"{name}/app").credential, Anonymous)
    assert (dialled, azure.asked) == ([], [])


def test_plain_http_is_somebody_elses() -> None:
    assert AcrProvider().claim(Target.from_url(f"http://{HOST}/app")) is None


@given(st.text(st.characters(codec="ascii", exclude_characters="/"), max_size=3), st.integers(0, len(HOST)))
def test_no_other_text_is_a_host(inserted: str, at: int) -> None:
    changed = HOST[:at] + inserted + HOST[at:]
    # What is inserted into the name makes another registry, and nothing makes another domain.
    assert not suffix_of(changed) or changed.endswith(".azurecr.io")


def test_microsofts_own_registry_is_anonymous_and_nobody_is_asked(azure: Azure, desk: Desk) -> None:
    broker = desk.broker(environ=user(azure, "alice"), route=azure.route)
    found = broker.access("mcr.microsoft.com/dotnet/runtime").credential
    assert isinstance(found, Anonymous)
    assert (found.reason, azure.asked) == ("Microsoft's public registry serves everybody, and knows nobody", [])


@pytest.mark.parametrize("host", [HOST, "myregistry-abc123.azurecr.io", GEO])
def test_a_token_is_exchanged_at_the_registry_itself(host: str, azure: Azure, desk: Desk) -> None:
    assert whose(azure, desk.broker(environ=user(azure, "alice"), route=azure.route), host) == "alice"
    assert azure.asked == [ENTRA, ENTRA, host]
    assert [request.path for request in azure.tls.requests][-1] == "/oauth2/exchange"


class TestClouds:
    @pytest.mark.parametrize(("host", "signing"), [(CN, CHINA), (US, GOVERNMENT)])
    def test_a_sovereign_cloud_signs_in_for_its_own(
        self, host: str, signing: str, azure: Azure, desk: Desk
    ) -> None:
        directory = azure.entras[signing].directory
        environ = environment(directory, *directory.with_secret("alice"))
        assert whose(azure, desk.broker(environ=environ, route=azure.route), host) == "alice"
        assert azure.asked == [signing, signing, host]

    @pytest.mark.parametrize(
        ("host", "said", "audience"),
        [
            (HOST, ENTRA, "https://management.azure.com"),
            (CN, CHINA, "https://management.chinacloudapi.cn"),
            (US, GOVERNMENT, "https://management.usgovcloudapi.net"),
        ],
    )
    def test_each_has_its_own_resource_manager(
        self, host: str, said: str, audience: str, azure: Azure, desk: Desk
    ) -> None:
        directory = azure.entras[said].directory
        directory.audiences = {audience}
        environ = environment(directory, *directory.with_secret("alice"))
        broker = desk.broker(rule(host, audience="arm"), environ=environ, route=azure.route)
        assert whose(azure, broker, host) == "alice"
        assert directory.asked == [("alice", audience)]

    @pytest.mark.parametrize("said", [CHINA, f"https://{CHINA}/", "login.partner.microsoftonline.cn"])
    def test_an_authority_of_the_environment_may_say_the_same(self, said: str, azure: Azure, desk: Desk) -> None:
        directory = azure.entras[CHINA].directory
        environ = {**environment(directory, *directory.with_secret("alice")), "AZURE_AUTHORITY_HOST": said}
        assert whose(azure, desk.broker(environ=environ, route=azure.route), CN) == "alice"

    @pytest.mark.parametrize("said", [f"https://{ENTRA}/", "login.windows.net", STACK])
    def test_an_identity_of_one_cloud_is_not_shown_to_another(self, said: str, azure: Azure, desk: Desk) -> None:
        environ = {**user(azure, "alice"), "AZURE_AUTHORITY_HOST": said}
        error = failure(desk.broker(environ=environ, route=azure.route), CN)
        assert f"the host is in the cloud of {CHINA}, and AZURE_AUTHORITY_HOST says" in error.message
        assert azure.asked == []

    def test_nor_where_a_rule_names_another_cloud(self, azure: Azure, desk: Desk) -> None:
        broker = desk.broker(rule(CN, authority_host=ENTRA), environ=user(azure, "alice"), route=azure.route)
        assert "and the rule says login.microsoftonline.com" in failure(broker, CN).message
        assert azure.asked == []

    @pytest.mark.parametrize("said", ["http://login.test", "login.test/tenant", "login.test evil", "-x", "a@b"])
    def test_an_authority_that_is_no_host_is_refused(self, said: str, azure: Azure, desk: Desk) -> None:
        text = rule(authority_host=said)
        error = failure(desk.broker(text, environ=user(azure, "alice"), route=azure.route))
        assert (error.culprit, azure.asked) == ("authority_host", [])

    def test_a_host_of_ones_own_is_served_by_a_rule(self, azure: Azure, desk: Desk) -> None:
        directory = azure.entras[STACK].directory
        directory.audiences = {ACR}
        environ = environment(directory, *directory.with_secret("alice"))
        text = rule(OWN, authority_host=f"https://{STACK}")
        assert whose(azure, desk.broker(text, environ=environ, route=azure.route), OWN) == "alice"
        assert azure.asked == [STACK, STACK, OWN]

    def test_or_by_the_authority_of_the_environment(self, azure: Azure, desk: Desk) -> None:
        directory = azure.entras[STACK].directory
        environ = {**environment(directory, *directory.with_secret("a")), "AZURE_AUTHORITY_HOST": STACK}
        assert whose(azure, desk.broker(rule(OWN), environ=environ, route=azure.route), OWN) == "a"

    def test_a_host_of_ones_own_is_in_the_public_cloud_if_nobody_says_otherwise(
        self, azure: Azure, desk: Desk
    ) -> None:
        failure(desk.broker(rule(OWN), environ=user(azure, "alice"), route=azure.route), OWN)
        assert azure.asked == [ENTRA, ENTRA, OWN]
