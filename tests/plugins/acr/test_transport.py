"""Over whose transport: every connection is the broker's, and the environment of the process decides nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocibroker.errors import ConnectionFailed, TLSFailed
from ocibroker.testing import Authority
from tests.azure.emulator import NAMES, Azure, serving
from tests.plugins.acr.asking import ENTRA, HOST, failure, rule, user, whose
from tests.plugins.acr.certificates import certificate
from tests.transport.brokers import Desk
from tests.transport.connect_proxy import proxying

pytestmark = pytest.mark.acceptance(34)


@pytest.fixture
def private() -> Authority:
    """An authority that no store of the system's has."""
    return Authority()


def entries(folder: Path, private: Authority, *hosts: str, more: str = "") -> str:
    ca = private.write(folder / "private")
    return "".join(f'[[tls]]\nmatch = "{host}"\nca = ["{ca}"]\n{more}\n' for host in hosts)


@pytest.mark.parametrize("known", [(ENTRA, HOST), (ENTRA,), ()], ids=["both", "entra", "none"])
def test_each_host_is_trusted_by_its_own_entry(known: tuple[str, ...], private: Authority, desk: Desk) -> None:
    with serving(private.server_context(*NAMES)) as azure:
        text = entries(desk.folder, private, *known)
        broker = desk.broker(text, environ=user(azure, "alice"), route=azure.route)
        if known == (ENTRA, HOST):
            assert whose(azure, broker) == "alice"
        else:
            assert isinstance(failure(broker), TLSFailed)
        assert sorted(set(azure.asked)) == sorted(known)


def test_a_client_certificate_goes_to_its_host_only(private: Authority, desk: Desk) -> None:
    context = private.server_context(*NAMES, client_authority=private)
    mine, key = private.issue("me@example.com").write(desk.folder / "me")
    with_mine = f'client_cert = "{mine}"\nclient_key = "{key}"'
    with serving(context) as azure:
        environ = user(azure, "alice")
        text = entries(desk.folder, private, ENTRA, HOST, more=with_mine)
        assert whose(azure, desk.broker(text, environ=environ, route=azure.route)) == "alice"
        assert [one.client_certificate for one in azure.tls.requests] == [True, True, True]
        half = entries(desk.folder, private, ENTRA, more=with_mine) + entries(desk.folder, private, HOST)
        assert isinstance(failure(desk.broker(half, environ=environ, route=azure.route)), ConnectionFailed)
        assert azure.asked.count(HOST) == 1


def test_a_proxy_is_used(azure: Azure, desk: Desk) -> None:
    with proxying(route=azure.route) as proxy:
        environ = {**user(azure, "alice"), "HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}"}
        assert whose(azure, desk.broker(environ=environ)) == "alice"
        assert set(proxy.lines) == {f"CONNECT {host}:443 HTTP/1.1" for host in (ENTRA, HOST)}


def test_an_openid_configuration_leads_nowhere_else(azure: Azure, desk: Desk) -> None:
    azure.entra.endpoint = "https://evil.example/oauth2/v2.0/token"
    error = failure(desk.broker(environ=user(azure, "alice"), route=azure.route))
    assert "names an endpoint on another host" in error.message
    assert (error.culprit, azure.asked) == (ENTRA, [ENTRA])


def test_the_environment_of_the_process_decides_nothing(
    azure: Azure, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison = {
        **user(azure, "mallory"),
        "AZURE_CLIENT_CERTIFICATE_PATH": "/dev/null",
        "AZURE_FEDERATED_TOKEN_FILE": "/dev/null",
        "AZURE_AUTHORITY_HOST": "https://evil.example",
        "AZURE_REGIONAL_AUTHORITY_NAME": "westeurope",
        "MSAL_FORCE_REGION": "westeurope",
        "REGION_NAME": "westeurope",
        "AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:1",
        "AZURE_TOKEN_CREDENTIALS": "dev",
        "AZURE_HTTP_USER_AGENT": "somebody",
        "IDENTITY_ENDPOINT": "http://127.0.0.1:1/",
        "IDENTITY_HEADER": "x",
        "IMDS_ENDPOINT": "http://127.0.0.1:1/",
        "MSI_ENDPOINT": "http://127.0.0.1:1/",
        "HTTPS_PROXY": "http://127.0.0.1:1",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "REQUESTS_CA_BUNDLE": "/dev/null",
        "CURL_CA_BUNDLE": "/dev/null",
        "HOME": "/nowhere",
        "PATH": "/nowhere",
    }
    for name, value in poison.items():
        monkeypatch.setenv(name, value)
    certified = certificate()
    (desk.folder / "me.pem").write_bytes(certified.pem)
    application = azure.directory.application("certified", certificates=[certified.certificate])
    named = {"tenant_id": azure.directory.tenant, "client_id": application.client}
    text = rule(**named, client_certificate={"file": "me.pem"})
    assert whose(azure, desk.broker(text, environ={}, route=azure.route)) == "certified"
    assert whose(azure, desk.broker(environ=user(azure, "alice"), route=azure.route)) == "alice"
    azure.metadata.system = "machine"
    assert whose(azure, desk.broker(environ={}, route=azure.route)) == "machine"
    assert set(azure.asked) == {ENTRA, HOST, "169.254.169.254"}
    assert [said for said in azure.tls.saw("user-agent") if "somebody" in said] == []
