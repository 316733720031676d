"""A password that is kept in Azure Key Vault."""

from __future__ import annotations

import pytest

from ocibroker import Broker
from ocibroker.errors import ConfigurationError, CredentialUnavailable, OcibrokerError
from tests.azure.emulator import Azure
from tests.azure.refusal import BODY, REQUEST_ID
from tests.azure.vaults import AUDIENCE
from tests.plugins.acr.asking import ENTRA, user
from tests.transport.brokers import Desk
from tests.vendors import stored
from tests.vendors.stored import password

HOST = "acme-prod.vault.azure.net"
PLACE = f"azure_keyvault charts in https://{HOST}"


def rule(more: str = "", vault: str = f"https://{HOST}") -> str:
    return stored.rule("azure_keyvault", f'vault = "{vault}", secret = "charts"{more}')


def reader(azure: Azure, content: str = "wonder") -> dict[str, str]:
    """Keep ``content``, and return the environment of an application that may read it."""
    azure.directory.audiences.add(AUDIENCE)
    azure.vaults.kept[HOST, "/secrets/charts"] = content
    azure.vaults.readers.add("ci")
    return user(azure, "ci")


def failure(broker: Broker) -> OcibrokerError:
    error = stored.failure(broker, PLACE, CredentialUnavailable)
    assert BODY not in str(error)
    return error


def test_it_is_read_as_whoever_the_environment_says(azure: Azure, desk: Desk) -> None:
    broker = desk.broker(rule(), environ=reader(azure), route=azure.route)
    assert password(broker) == "wonder"
    assert azure.directory.asked == [("ci", AUDIENCE)]
    assert set(azure.asked) == {ENTRA, HOST}


def test_an_application_may_be_named_in_the_reference_and_one_value_chosen(azure: Azure, desk: Desk) -> None:
    environ = reader(azure, '{"password": "w0nder"}')
    (desk.folder / "secret").write_text(environ["AZURE_CLIENT_SECRET"])
    who = f'tenant_id = "{environ["AZURE_TENANT_ID"]}", client_id = "{environ["AZURE_CLIENT_ID"]}"'
    more = f', {who}, client_secret = {{ file = "secret" }}, key = "password"'
    assert password(desk.broker(rule(more), route=azure.route)) == "w0nder"


def test_a_version_may_be_named(azure: Azure, desk: Desk) -> None:
    environ = reader(azure)
    azure.vaults.kept[HOST, "/secrets/charts/6d2f"] = "former"
    assert password(desk.broker(rule(', version = "6d2f"'), environ=environ, route=azure.route)) == "former"


def test_who_may_not_read_it_is_told_what_to_do(azure: Azure, desk: Desk) -> None:
    environ = reader(azure)
    azure.vaults.readers.clear()
    error = failure(desk.broker(rule(), environ=environ, route=azure.route))
    assert f"Key Vault refused: Forbidden, status 403, request id {REQUEST_ID}; tried " in error.message
    assert "Key Vault Secrets User" in error.hint


def test_a_secret_that_is_not_there_is_said(azure: Azure, desk: Desk) -> None:
    environ = reader(azure)
    azure.vaults.kept.clear()
    error = failure(desk.broker(rule(), environ=environ, route=azure.route))
    assert "SecretNotFound, status 404" in error.message
    assert error.hint == "correct secret and version"


def test_a_value_that_is_no_object_has_no_key_and_is_not_shown(azure: Azure, desk: Desk) -> None:
    error = failure(desk.broker(rule(', key = "password"'), environ=reader(azure), route=azure.route))
    assert "is no JSON object" in error.message
    assert "wonder" not in str(error)


@pytest.mark.parametrize(
    ("vault", "more", "why"),
    [
        ("http://acme.vault.azure.net", "", "is no URL of a vault"),
        ("https://acme.vault.azure.net/secrets", "", "is no URL of a vault"),
        ("https://acme.vault.azure.net.evil.test", "", "set audience"),
        ("https://vault.azure.net", "", "set audience"),
        (f"https://{HOST}", ', version = "../x"', "version is none"),
    ],
)
def test_a_look_alike_gets_no_token_and_is_refused_when_it_is_read(
    vault: str, more: str, why: str, desk: Desk
) -> None:
    with pytest.raises(ConfigurationError, match=why):
        desk.broker(rule(more, vault))
