"""An application whose secret or certificate the environment names."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.azure.directory import Application
from tests.azure.emulator import Azure
from tests.plugins.acr.asking import ENTRA, HOST, environment, failure, user, whose
from tests.plugins.acr.certificates import PASSWORD, Certified
from tests.transport.brokers import Desk

pytestmark = pytest.mark.acceptance(34)


def by_certificate(azure: Azure, application: Application, path: Path) -> dict[str, str]:
    return {**environment(azure.directory, application), "AZURE_CLIENT_CERTIFICATE_PATH": str(path)}


def test_a_secret(azure: Azure, desk: Desk) -> None:
    assert whose(azure, desk.broker(environ=user(azure, "alice"), route=azure.route)) == "alice"
    assert azure.asked == [ENTRA, ENTRA, HOST]


@pytest.mark.parametrize("kind", ["pem", "pfx"])
def test_a_certificate(kind: str, certified: Certified, azure: Azure, desk: Desk) -> None:
    path = desk.folder / "certificate"
    path.write_bytes(getattr(certified, kind))
    application = azure.directory.application("certified", certificates=[certified.certificate])
    environ = by_certificate(azure, application, path)
    assert whose(azure, desk.broker(environ=environ, route=azure.route)) == "certified"


@pytest.mark.parametrize("kind", ["pem", "pfx"])
def test_a_certificate_with_a_password(kind: str, encrypted: Certified, azure: Azure, desk: Desk) -> None:
    path = desk.folder / "certificate"
    path.write_bytes(getattr(encrypted, kind))
    application = azure.directory.application("certified", certificates=[encrypted.certificate])
    environ = by_certificate(azure, application, path)
    broker = desk.broker(environ={**environ, "AZURE_CLIENT_CERTIFICATE_PASSWORD": PASSWORD}, route=azure.route)
    assert whose(azure, broker) == "certified"
    assert "password" in failure(desk.broker(environ=environ, route=azure.route)).message


def test_a_certificate_that_the_application_does_not_know(certified: Certified, azure: Azure, desk: Desk) -> None:
    path = desk.folder / "certificate"
    path.write_bytes(certified.pem)
    application = azure.directory.application("other", certificates=[])
    environ = by_certificate(azure, application, path)
    error = failure(desk.broker(environ=environ, route=azure.route))
    assert "Entra ID refused: AADSTS700027, invalid_client, status 401" in error.message
    assert "upload the certificate" in error.hint


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "No such file"),
        (b"", "it is empty"),
        (b"garbage", "holds no certificate"),
        (b"-----BEGIN NOTHING-----\n", "holds no certificate"),
        (bytes(300_000), "too large"),
    ],
)
def test_a_certificate_that_is_none(content: bytes | None, why: str, azure: Azure, desk: Desk) -> None:
    path = desk.folder / "certificate"
    if content is not None:
        path.write_bytes(content)
    environ = by_certificate(azure, azure.directory.application("other"), path)
    error = failure(desk.broker(environ=environ, route=azure.route))
    assert (why in error.message, error.culprit, azure.asked) == (True, f"file {path}", [])


@pytest.mark.parametrize("missing", ["AZURE_TENANT_ID", "AZURE_CLIENT_ID"])
def test_half_of_it_is_an_error_that_names_the_other(missing: str, azure: Azure, desk: Desk) -> None:
    environ = {name: value for name, value in user(azure, "alice").items() if name != missing}
    error = failure(desk.broker(environ=environ, route=azure.route))
    assert (missing in error.hint, azure.asked) == (True, [])
