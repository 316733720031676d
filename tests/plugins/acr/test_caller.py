"""The caller's own token, as the federated token of an application."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ocibroker.provider import Caller, Secret
from tests.azure.emulator import Azure
from tests.plugins.acr.asking import failure, rule, user, whose
from tests.plugins.acr.federation import SUBJECT, federated
from tests.transport.brokers import Desk

pytestmark = pytest.mark.acceptance(34)


def workload(token: str, **annotations: str) -> Caller:
    return Caller(token=Secret(token), annotations=annotated("azure.workload.identity/{}-id", annotations))


def annotated(form: str, said: Mapping[str, str]) -> dict[str, str]:
    return {form.format(name): value for name, value in said.items()}


def test_its_service_account_names_the_application(azure: Azure, desk: Desk) -> None:
    application, provider = federated(azure)
    broker = desk.broker(environ=user(azure, "node"), route=azure.route)
    tenant = azure.directory.tenant
    caller = workload(provider.token(SUBJECT), client=application.client, tenant=tenant)
    assert whose(azure, broker, caller=caller) == "pod"


def test_what_its_service_account_says_of_registries_comes_before_what_it_says_in_general(
    azure: Azure, desk: Desk
) -> None:
    application, provider = federated(azure)
    broker = desk.broker(environ=user(azure, "node"), route=azure.route)
    named = {"client": application.client, "tenant": azure.directory.tenant}
    general = annotated("azure.workload.identity/{}-id", {"client": "another", "tenant": "another"})
    annotations = {**general, **annotated("kubernetes.azure.com/acr-{}-id", named)}
    caller = Caller(token=Secret(provider.token(SUBJECT)), annotations=annotations)
    assert whose(azure, broker, caller=caller) == "pod"


def test_a_rule_names_it_before(azure: Azure, desk: Desk) -> None:
    application, provider = federated(azure)
    text = rule(client_id=application.client, tenant_id=azure.directory.tenant)
    broker = desk.broker(text, environ={}, route=azure.route)
    caller = workload(provider.token(SUBJECT), client="another", tenant="another")
    assert whose(azure, broker, caller=caller) == "pod"


def test_the_tenant_may_be_that_of_the_environment(azure: Azure, desk: Desk) -> None:
    application, provider = federated(azure)
    broker = desk.broker(environ={"AZURE_TENANT_ID": azure.directory.tenant}, route=azure.route)
    caller = workload(provider.token(SUBJECT), client=application.client)
    assert whose(azure, broker, caller=caller) == "pod"


def test_a_token_for_no_application_is_an_error(azure: Azure, desk: Desk) -> None:
    broker = desk.broker(environ=user(azure, "node"), route=azure.route)
    error = failure(broker, caller=workload("a-token"))
    assert "no client is named for the caller's token" in error.message
    assert ("kubernetes.azure.com/acr-client-id" in error.hint, azure.asked) == (True, [])


@pytest.mark.parametrize("name", ["client", "tenant"])
def test_an_annotation_that_could_be_anything_else_in_a_url_is_refused(name: str, azure: Azure, desk: Desk) -> None:
    said = {"client": "c", "tenant": "t", name: "../evil"}
    error = failure(desk.broker(environ={}, route=azure.route), caller=workload("a-token", **said))
    assert (f"the {name} of the caller's token is no id" in error.message, azure.asked) == (True, [])


def test_an_annotation_without_a_token_names_nobody(azure: Azure, desk: Desk) -> None:
    broker = desk.broker(environ=user(azure, "node"), route=azure.route)
    caller = Caller(annotations={"azure.workload.identity/client-id": "admin"})
    assert whose(azure, broker, caller=caller) == "node"
