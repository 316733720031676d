"""A workload identity, as the webhook of AKS sets it up."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.azure.emulator import Azure
from tests.oidc.identity_provider import IdentityProvider
from tests.plugins.acr.asking import ENTRA, HOST, environment, failure, rule, whose
from tests.plugins.acr.federation import ISSUER, SUBJECT, federated
from tests.transport.brokers import Desk

pytestmark = pytest.mark.acceptance(34)


def mounted(azure: Azure, folder: Path, **more: str) -> dict[str, str]:
    """Mount the token of a pod into ``folder``, and return the environment that says so."""
    application, provider = federated(azure)
    (folder / "token").write_text(provider.token(SUBJECT))
    file = {"AZURE_FEDERATED_TOKEN_FILE": str(folder / "token")}
    return {**environment(azure.directory, application), **file, **more}


def test_what_the_webhook_of_aks_sets_is_enough(azure: Azure, desk: Desk) -> None:
    environ = mounted(azure, desk.folder, AZURE_AUTHORITY_HOST=f"https://{ENTRA}/")
    assert whose(azure, desk.broker(environ=environ, route=azure.route)) == "pod"
    assert azure.asked == [ENTRA, HOST]


def test_a_rule_chooses_another_application(azure: Azure, desk: Desk) -> None:
    environ = mounted(azure, desk.folder)
    other, _ = federated(azure, "other")
    broker = desk.broker(rule(client_id=other.client), environ=environ, route=azure.route)
    assert whose(azure, broker) == "other"


@pytest.mark.parametrize(
    ("claims", "number"),
    [
        ({"subject": "system:serviceaccount:team:mallory"}, "AADSTS700213"),
        ({"subject": SUBJECT, "audience": "sts.amazonaws.com"}, "AADSTS700212"),
        ({"subject": SUBJECT, "life": timedelta(hours=-1)}, "AADSTS700024"),
    ],
)
def test_a_token_that_the_application_does_not_trust(
    claims: dict[str, Any], number: str, azure: Azure, desk: Desk
) -> None:
    environ = mounted(azure, desk.folder)
    (desk.folder / "token").write_text(azure.directory.providers[ISSUER].token(**claims))
    error = failure(desk.broker(environ=environ, route=azure.route))
    assert f"Entra ID refused: {number}, invalid_client, status 401" in error.message
    assert error.message.endswith("; tried the workload identity")


def test_another_issuers_token(azure: Azure, desk: Desk) -> None:
    environ = mounted(azure, desk.folder)
    (desk.folder / "token").write_text(IdentityProvider("https://evil.test").token(SUBJECT))
    assert "AADSTS700211" in failure(desk.broker(environ=environ, route=azure.route)).message


def test_a_token_that_is_missing(azure: Azure, desk: Desk) -> None:
    environ = mounted(azure, desk.folder)
    (desk.folder / "token").unlink()
    error = failure(desk.broker(environ=environ, route=azure.route))
    assert (error.culprit, azure.asked) == (f"file {desk.folder / 'token'}", [])
