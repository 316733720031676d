"""Managed identities of App Service, Functions and Container Apps."""

from __future__ import annotations

import pytest

from tests.azure.emulator import Azure
from tests.azure.metadata import APP_SERVICE, HEADER, PRIVATE
from tests.plugins.acr.asking import HOST, IMDS, failure, rule, whose
from tests.transport.brokers import Desk

pytestmark = pytest.mark.acceptance(34)

APP = {"IDENTITY_ENDPOINT": f"http://{APP_SERVICE}/msi/token", "IDENTITY_HEADER": HEADER}


def test_it_gives_the_services_identity(azure: Azure, desk: Desk) -> None:
    azure.metadata.system = "site"
    assert whose(azure, desk.broker(environ=APP, route=azure.route)) == "site"
    assert azure.asked == [APP_SERVICE, HOST]


def test_its_address_may_be_a_private_one(azure: Azure, desk: Desk) -> None:
    azure.metadata.system = "site"
    environ = {**APP, "IDENTITY_ENDPOINT": f"http://{PRIVATE}/msi/token"}
    assert whose(azure, desk.broker(environ=environ, route=azure.route)) == "site"


def test_one_of_several_is_chosen(azure: Azure, desk: Desk) -> None:
    azure.metadata.assigned = {"mine": "chosen"}
    assert whose(azure, desk.broker(rule(client_id="mine"), environ=APP, route=azure.route)) == "chosen"


@pytest.mark.parametrize(("header", "status"), [("wrong", 401), (HEADER, 400)])
def test_its_refusal_is_an_error(header: str, status: int, azure: Azure, desk: Desk) -> None:
    error = failure(desk.broker(environ={**APP, "IDENTITY_HEADER": header}, route=azure.route))
    assert "the identity endpoint of App Service refused" in error.message
    assert f"status {status}" in error.message


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://evil.example/",
        "http://1.2.3.4/",
        "ftp://localhost/",
        "localhost",
        "http://[",
        "",
    ],
)
def test_its_header_is_sent_in_the_clear_to_nobody_far(endpoint: str, azure: Azure, desk: Desk) -> None:
    error = failure(desk.broker(environ={**APP, "IDENTITY_ENDPOINT": endpoint}, route=azure.route))
    assert (error.culprit == "IDENTITY_ENDPOINT") == bool(endpoint)
    assert azure.plain.saw("x-identity-header") == []


def test_an_endpoint_without_a_header_is_none(azure: Azure, desk: Desk) -> None:
    azure.metadata.system = "machine"
    environ = {"IDENTITY_ENDPOINT": APP["IDENTITY_ENDPOINT"]}
    assert whose(azure, desk.broker(environ=environ, route=azure.route)) == "machine"
    assert azure.asked == [IMDS, IMDS, HOST]


def test_service_fabric_is_refused_by_name(azure: Azure, desk: Desk) -> None:
    environ = {**APP, "IDENTITY_SERVER_THUMBPRINT": "ab"}
    assert "Service Fabric" in failure(desk.broker(environ=environ, route=azure.route)).message
    assert azure.asked == []
