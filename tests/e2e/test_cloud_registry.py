"""The test registry of a cloud is one origin, and takes exactly what it is told."""

import ssl
from collections.abc import Iterator

import httpx
import pytest

from ocibroker.testing import CannedResponse
from tests.e2e import cloud_registry
from tests.e2e.account import Account
from tests.e2e.artifact import MANIFEST
from tests.e2e.authority import Authority
from tests.e2e.cloud_registry import CloudRegistry
from tests.transport.answering_server import always

pytestmark = pytest.mark.e2e

HOST = "registry.cloud.test"
REALM = "/v2/token"


@pytest.fixture(scope="module")
def registry(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudRegistry]:
    with cloud_registry.serving(authority, tmp_path_factory.mktemp("cloud"), HOST, REALM) as running:
        yield running


@pytest.fixture
def http(registry: CloudRegistry, account: Account) -> Iterator[httpx.Client]:
    trust = ssl.create_default_context(cafile=registry.authority.bundle)
    more = {"/oauth2/exchange": always(CannedResponse(418))}
    with (
        registry.fronted(account.is_, more) as front,
        httpx.Client(base_url=f"https://127.0.0.1:{front.port}", verify=trust, trust_env=False) as client,
    ):
        client.headers["Host"] = HOST
        yield client


def test_the_realm_is_on_the_registrys_own_host(http: httpx.Client) -> None:
    challenge = f'Bearer realm="https://{HOST}{REALM}",service="{HOST}"'
    assert _get(http, "/v2/").headers["WWW-Authenticate"] == challenge


def test_what_is_accepted_opens_the_registry(http: httpx.Client, registry: CloudRegistry, account: Account) -> None:
    scope = f"repository:{registry.image.repository}:pull"
    token = _get(http, f"{REALM}?service={HOST}&scope={scope}", account.basic).json()["token"]
    path = f"/v2/{registry.image.repository}/manifests/{registry.image.tag}"
    answer = _get(http, path, f"Bearer {token}")
    assert (answer.status_code, answer.content) == (200, registry.image.manifest.content)
    head = _ask(http, "HEAD", path, f"Bearer {token}")
    assert head.headers["Content-Length"] == str(len(registry.image.manifest.content))


def test_what_is_not_accepted_gets_no_token(http: httpx.Client) -> None:
    assert _get(http, f"{REALM}?service={HOST}", Account("alice", "guessed").basic).status_code == 401


def test_a_path_of_the_clouds_own_is_the_clouds(http: httpx.Client) -> None:
    assert _get(http, "/oauth2/exchange").status_code == 418


def _get(http: httpx.Client, path: str, authorization: str = "") -> httpx.Response:
    return _ask(http, "GET", path, authorization)


def _ask(http: httpx.Client, method: str, path: str, authorization: str) -> httpx.Response:
    headers = {"Accept": MANIFEST, **({"Authorization": authorization} if authorization else {})}
    return http.request(method, path, headers=headers, extensions={"sni_hostname": HOST})
