"""The application that a rule names."""

from __future__ import annotations

from typing import Any

import pytest

from tests.azure.emulator import Azure
from tests.plugins.acr.asking import ENTRA, failure, rule, user, whose
from tests.plugins.acr.certificates import PASSWORD, Certified
from tests.plugins.acr.federation import federated
from tests.transport.brokers import Desk

pytestmark = pytest.mark.acceptance(34)


@pytest.mark.parametrize("where", ["file", "env"])
def test_a_secret(where: str, azure: Azure, desk: Desk) -> None:
    application, secret = azure.directory.with_secret("alice")
    (desk.folder / "secret").write_text(f"{secret}\n")
    named = {"tenant_id": azure.directory.tenant, "client_id": application.client}
    kept = {"file": "secret"} if where == "file" else {"env": "MY_SECRET"}
    broker = desk.broker(rule(**named, client_secret=kept), environ={"MY_SECRET": secret}, route=azure.route)
    assert whose(azure, broker) == "alice"


def test_a_certificate(encrypted: Certified, azure: Azure, desk: Desk) -> None:
    (desk.folder / "me.pem").write_bytes(encrypted.pem)
    application = azure.directory.application("certified", certificates=[encrypted.certificate])
    text = rule(
        tenant_id=azure.directory.tenant,
        client_id=application.client,
        client_certificate={"file": "me.pem"},
        client_certificate_password={"env": "KEY_PASSWORD"},
    )
    broker = desk.broker(text, environ={"KEY_PASSWORD": PASSWORD}, route=azure.route)
    assert whose(azure, broker) == "certified"


def test_a_certificate_is_a_file(azure: Azure, desk: Desk) -> None:
    text = rule(tenant_id="t", client_id="c", client_certificate={"env": "CERTIFICATE"})
    error = failure(desk.broker(text, environ={"CERTIFICATE": "x"}, route=azure.route))
    assert (error.culprit, azure.asked) == ("client_certificate", [])


def test_a_token_of_another_issuer(azure: Azure, desk: Desk) -> None:
    application, provider = federated(azure, "ci", "repo:team/app")
    (desk.folder / "token").write_text(provider.token("repo:team/app"))
    named = {"tenant_id": azure.directory.tenant, "client_id": application.client}
    text = rule(**named, federated_token={"file": "token"})
    assert whose(azure, desk.broker(text, environ={}, route=azure.route)) == "ci"


def test_it_is_never_replaced_by_what_the_environment_has(azure: Azure, desk: Desk) -> None:
    azure.metadata.system = "node"
    text = rule(client_id="nobody", tenant_id=azure.directory.tenant, client_secret={"env": "WRONG"})
    environ = {**user(azure, "alice"), "WRONG": "wrong"}
    assert "AADSTS700016" in failure(desk.broker(text, environ=environ, route=azure.route)).message
    assert azure.asked == [ENTRA, ENTRA]


def test_two_proofs_are_one_too_many(azure: Azure, desk: Desk) -> None:
    text = rule(client_secret={"env": "A"}, federated_token={"env": "B"})
    error = failure(desk.broker(text, environ={}, route=azure.route))
    assert ("more than one proof" in error.message, azure.asked) == (True, [])


@pytest.mark.parametrize("name", ["tenant_id", "client_id"])
@pytest.mark.parametrize("value", ["../evil", "a/b", "-x", "a b", "a?b", "a#b", "é"])
def test_what_could_be_anything_else_in_a_url_is_refused(name: str, value: str, azure: Azure, desk: Desk) -> None:
    options: dict[str, Any] = {"tenant_id": "t", "client_id": "c", "client_secret": {"env": "A"}, name: value}
    error = failure(desk.broker(rule(**options), environ={"A": "secret"}, route=azure.route))
    assert ("is no id" in error.message, azure.asked) == (True, [])
