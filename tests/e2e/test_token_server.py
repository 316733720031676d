"""The test token server keeps to distribution's token.md and oauth.md."""

import base64
import json
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import httpx
import pytest

from ocibroker.testing.request import Request
from tests.e2e.account import Account
from tests.e2e.authority import Authority
from tests.e2e.token_issuer import IDENTITY_TOKEN
from tests.e2e.token_server import TokenServer

pytestmark = pytest.mark.e2e

SCOPES: Final = ["repository:a/b:pull,push", "repository:host:5000/c:pull"]
ACCESS: Final = [
    {"type": "repository", "name": "a/b", "actions": ["pull", "push"]},
    {"type": "repository", "name": "host:5000/c", "actions": ["pull"]},
]


@pytest.fixture
def http(authority: Authority, tokens: TokenServer) -> Iterator[httpx.Client]:
    trust = ssl.create_default_context(cafile=authority.bundle)
    with httpx.Client(base_url=f"https://127.0.0.1:{tokens.port}", verify=trust, trust_env=False) as client:
        yield client


def test_get_grants_the_account_what_it_asks(http: httpx.Client, account: Account) -> None:
    response = _get(http, account.basic, scope=SCOPES)
    assert _access(response, "token") == ACCESS
    assert "refresh_token" not in response.json()


def test_get_grants_nothing_to_nobody(http: httpx.Client) -> None:
    assert _access(_get(http, None, scope=SCOPES), "token") == []


def test_get_refuses_a_wrong_password(http: httpx.Client) -> None:
    response = _get(http, Account("alice", "wrong").basic)
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, 'Basic realm="tokens"')


def test_post_grants_what_somebody_elses_refresh_token_may(tokens: TokenServer) -> None:
    issuer = replace(tokens.issuer, accepts=Account(IDENTITY_TOKEN, "theirs").is_)
    form = "service=registry.test&client_id=tests&grant_type=refresh_token&refresh_token="
    statuses = [
        issuer.answer(Request("POST", "", body=f"{form}{one}".encode())).status for one in ("theirs", "none")
    ]
    assert statuses == [200, 400]


def test_post_grants_a_password_and_then_its_refresh_token(
    http: httpx.Client, tokens: TokenServer, account: Account
) -> None:
    login = {"grant_type": "password", "username": account.username, "password": account.password}
    refresh = str(_post(http, **login, access_type="offline").json()["refresh_token"])
    again = {"grant_type": "refresh_token", "refresh_token": refresh}
    assert _access(_post(http, **again, scope=" ".join(SCOPES)), "access_token") == ACCESS
    tokens.issuer.refresh_tokens.revoke(refresh)
    assert _post(http, **again).json() == {"error": "invalid_grant"}


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password", "username": "alice", "password": "wrong"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "never issued"}, "invalid_grant"),
        ({"grant_type": "authorization_code"}, "unsupported_grant_type"),
        ({"grant_type": "password", "client_id": ""}, "invalid_request"),
        ({"grant_type": "password", "service": "another"}, "invalid_request"),
    ],
)
def test_post_refuses(http: httpx.Client, form: Mapping[str, str], error: str) -> None:
    response = _post(http, **form)
    assert (response.status_code, response.json()) == (400, {"error": error})


def test_every_request_is_recorded(http: httpx.Client, tokens: TokenServer, account: Account) -> None:
    tokens.server.requests.clear()
    _get(http, account.basic, scope=SCOPES)
    _post(http, grant_type="refresh_token", refresh_token="never issued")
    get, post = tokens.server.requests
    assert (get.method, get.path, get.query["scope"]) == ("GET", "/token", tuple(SCOPES))
    assert get.headers["authorization"] == account.basic
    assert (post.method, b"refresh_token=never+issued" in post.body) == ("POST", True)


def _get(http: httpx.Client, authorization: str | None, **query: list[str]) -> httpx.Response:
    headers = {"Authorization": authorization} if authorization else {}
    return http.get("/token", params={"service": "registry.test", **query}, headers=headers)


def _post(http: httpx.Client, **form: str) -> httpx.Response:
    return http.post("/token", data={"service": "registry.test", "client_id": "tests", **form})


def _access(response: httpx.Response, name: str) -> Any:  # noqa: ANN401 (JSON)
    claims = response.raise_for_status().json()[name].split(".")[1]
    return json.loads(base64.urlsafe_b64decode(claims + "=="))["access"]
