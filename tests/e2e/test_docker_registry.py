"""The test registries ask for what they are meant to ask for."""

import ssl
from pathlib import Path

import httpx
import pytest

from tests.e2e import docker_registry, registry_auth
from tests.e2e.artifact import MANIFEST
from tests.e2e.authority import Authority
from tests.e2e.docker_registry import DockerRegistry
from tests.e2e.stocked_registry import StockedRegistry

pytestmark = pytest.mark.e2e


@pytest.fixture
def trust(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authority.bundle)


def test_an_open_registry_asks_nobody(registry_open: DockerRegistry, trust: ssl.SSLContext) -> None:
    assert _get(registry_open, trust, "").status_code == 200


def test_a_registry_is_not_trusted_without_the_authority(registry_open: DockerRegistry) -> None:
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        _get(registry_open, ssl.create_default_context(), "")


def test_htpasswd_asks_for_the_account(registry_htpasswd: StockedRegistry, trust: ssl.SSLContext) -> None:
    refused = _get(registry_htpasswd.server, trust, "")
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, 'Basic realm="ocibroker tests"')
    _assert_served(registry_htpasswd, trust, registry_htpasswd.account.basic)


def test_token_sends_to_the_token_server(registry_token: StockedRegistry, trust: ssl.SSLContext) -> None:
    assert registry_token.tokens
    refused = _get(registry_token.server, trust, "")
    assert refused.status_code == 401
    challenge = f'Bearer realm="{registry_token.tokens.realm}",service="registry.test"'
    assert refused.headers["WWW-Authenticate"] == challenge
    _assert_served(registry_token, trust, f"Bearer {registry_token.tokens.issuer.token(*registry_token.scopes)}")


def test_a_failed_start_shows_the_log(authority: Authority, tmp_path: Path) -> None:
    auth = registry_auth.token(realm="r", service="s", issuer="i", bundle=tmp_path / "absent.pem")
    with pytest.raises(RuntimeError, match=r"absent\.pem"), docker_registry.serving(authority, tmp_path, auth):
        pytest.fail("it serves")


def _assert_served(registry: StockedRegistry, trust: ssl.SSLContext, authorization: str) -> None:
    for artifact in (registry.image, registry.chart):
        path = f"{artifact.repository}/manifests/{artifact.tag}"
        served = _get(registry.server, trust, path, {"Authorization": authorization, "Accept": MANIFEST})
        assert served.content == artifact.manifest.content


def _get(
    server: DockerRegistry, trust: ssl.SSLContext, path: str, headers: dict[str, str] | None = None
) -> httpx.Response:
    return httpx.get(f"https://{server.local}/v2/{path}", headers=headers, verify=trust, trust_env=False)
