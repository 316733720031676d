"""A transport serves one origin: no other receives the credential, whatever the caller asks for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ocibroker import Access
from ocibroker.errors import InvalidTarget, OcibrokerError, OriginRefused, UsageError
from ocibroker.testing import Authority, CannedResponse, EmbeddedRegistry
from tests.transport.answering_server import OK, AnsweringServer, answering
from tests.transport.brokers import MODES, Desk, Mode, exchange, rule

HOST = "registry.test"
TAGS = "/v2/app/tags/list"


@pytest.fixture
def registry(authority: Authority) -> Iterator[EmbeddedRegistry]:
    tls = authority.server_context(HOST, "sub.registry.test", "127.0.0.1")
    with EmbeddedRegistry(tls=tls, users={"alice": "wonder"}, host=HOST) as running:
        running.push("app", "1", b"{}", "application/vnd.oci.image.manifest.v1+json")
        yield running


@pytest.fixture
def other(authority: Authority) -> Iterator[AnsweringServer]:
    with answering(OK, authority.server_context(HOST, "other.test")) as running:
        yield running


@pytest.fixture
def plain() -> Iterator[AnsweringServer]:
    with answering(OK) as running:
        yield running


@pytest.fixture
def access(desk: Desk, registry: EmbeddedRegistry) -> Access:
    return desk.broker(rule(registry.address)).access(f"{registry.address}/app")


@pytest.mark.parametrize("mode", MODES)
def test_the_credential_reaches_its_own_origin(access: Access, registry: EmbeddedRegistry, mode: Mode) -> None:
    assert exchange(access, mode, "GET", TAGS).status_code == 200
    assert "authorization" in registry.requests[-1].headers


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "place",
    [
        pytest.param("https://other.test:{other}", id="other-host"),
        pytest.param("https://registry.test:{other}", id="other-port"),
        pytest.param("https://registry.test", id="default-port"),
        pytest.param("https://sub.registry.test:{own}", id="sub-domain"),
        pytest.param("https://test:{own}", id="super-domain"),
        pytest.param("https://127.0.0.1:{own}", id="its-address"),
        pytest.param("http://registry.test:{plain}", id="plain-http"),
        pytest.param("http://registry.test:{own}", id="same-port-plain-http"),
        pytest.param("https://xregistry.test:{own}", id="prefix"),
        pytest.param("https://registry.test.evil.test:{own}", id="suffix"),
    ],
)
def test_a_direct_request_to_another_origin_is_refused_and_sent_nowhere(
    access: Access,
    registry: EmbeddedRegistry,
    other: AnsweringServer,
    plain: AnsweringServer,
    place: str,
    mode: Mode,
) -> None:
    url = place.format(other=other.port, own=registry.port, plain=plain.port)
    with pytest.raises(OriginRefused, match=rf"bound to https://registry.test:{registry.port}"):
        exchange(access, mode, "GET", f"{url}/v2/")
    assert (len(registry.requests), other.requests, plain.requests) == (0, [], [])


@pytest.mark.parametrize(
    ("url", "error"),
    [
        pytest.param("ftp://registry.test/v2/", OriginRefused, id="ftp"),
        pytest.param("https://registry.test%2eevil.test/v2/", InvalidTarget, id="escaped-dot"),
        pytest.param("https://registry_test..test/v2/", InvalidTarget, id="empty-label"),
        pytest.param("https://2130706433/v2/", InvalidTarget, id="number-for-an-address"),
    ],
)
def test_a_url_that_could_be_read_in_two_ways_is_refused(
    access: Access, url: str, error: type[OcibrokerError]
) -> None:
    with pytest.raises(error):
        exchange(access, "sync", "GET", url)


@pytest.mark.parametrize(
    "spelling", ["https://REGISTRY.TEST:{port}/v2/", "https://registry.test.:{port}/v2/"], ids=["case", "dot"]
)
def test_another_spelling_of_the_origin_is_the_origin(
    access: Access, registry: EmbeddedRegistry, spelling: str
) -> None:
    assert exchange(access, "sync", "GET", spelling.format(port=registry.port)).status_code == 200


@pytest.mark.parametrize("mode", MODES)
def test_a_callers_sni_hostname_does_not_change_the_verified_name(
    desk: Desk, authority: Authority, mode: Mode
) -> None:
    with answering(OK, authority.server_context("other.test")) as impostor:
        access = desk.broker().access(f"registry.test:{impostor.port}/app")
        with pytest.raises(OcibrokerError, match="for another name"):
            exchange(access, mode, "GET", "/v2/", extensions={"sni_hostname": "other.test"})
    assert impostor.requests == []


@pytest.mark.parametrize("mode", MODES)
def test_a_callers_target_does_not_change_the_request_line(
    access: Access, registry: EmbeddedRegistry, mode: Mode
) -> None:
    exchange(access, mode, "GET", TAGS, extensions={"target": b"https://other.test/"})
    assert {request.path for request in registry.requests} == {TAGS}


@pytest.mark.parametrize("mode", MODES)
def test_a_callers_host_header_names_the_origin_nevertheless(
    access: Access, registry: EmbeddedRegistry, mode: Mode
) -> None:
    exchange(access, mode, "GET", TAGS, headers={"host": "other.test"})
    assert {request.headers["host"] for request in registry.requests} == {registry.address}


@pytest.mark.parametrize("mode", MODES)
def test_the_callers_request_never_shows_the_credential(access: Access, mode: Mode) -> None:
    assert "authorization" not in exchange(access, mode, "GET", TAGS).request.headers


@pytest.mark.parametrize("mode", MODES)
def test_a_callers_own_authorization_is_sent_as_it_is(
    access: Access, registry: EmbeddedRegistry, mode: Mode
) -> None:
    answer = exchange(access, mode, "GET", TAGS, headers={"authorization": "Bearer mine"})
    assert answer.status_code == 401
    assert [request.headers["authorization"] for request in registry.requests] == ["Bearer mine"]


@pytest.mark.parametrize("mode", MODES)
def test_a_callers_secrets_stay_behind_when_a_redirect_leaves_the_origin(
    access: Access, registry: EmbeddedRegistry, other: AnsweringServer, mode: Mode
) -> None:
    registry.redirects["/v2/app/blobs"] = f"https://other.test:{other.port}/store"
    secrets = {
        "cookie": "session=1",
        "proxy-authorization": "Basic eA==",
        "x-vault-token": "x",
        "private-token": "x",
    }
    exchange(access, mode, "GET", "/v2/app/blobs/x", headers=secrets)
    assert other.requests
    assert not {*secrets, "authorization"} & set(other.requests[0].headers)


def test_cookies_of_the_registry_do_not_travel_with_a_redirect(
    access: Access, registry: EmbeddedRegistry, authority: Authority
) -> None:
    with answering(OK, authority.server_context("sub.registry.test")) as blobs:
        registry.responses["/cookie"] = _setting_a_cookie()
        registry.redirects["/v2/app/blobs"] = f"https://sub.registry.test:{blobs.port}/store"
        with access.client() as http:
            http.get("/cookie")
            assert http.get("/v2/app/blobs/x").status_code == 200
        assert blobs.saw("cookie") == []


def test_a_client_of_the_same_access_can_be_used_again_after_another_was_closed(access: Access) -> None:
    assert [exchange(access, mode, "GET", TAGS).status_code for mode in (*MODES, *MODES)] == [200] * 4


def test_settings_of_the_client_cannot_turn_on_the_environment(access: Access) -> None:
    with access.client() as http:
        assert http.trust_env is False
    with pytest.raises(UsageError, match="trust_env"):
        access.client(trust_env=True)


def test_a_redirect_that_the_caller_follows_by_hand_loses_the_credential_too(
    access: Access, registry: EmbeddedRegistry, other: AnsweringServer
) -> None:
    registry.redirects["/v2/app/blobs"] = f"https://other.test:{other.port}/store"
    with access.client(follow_redirects=False) as http:
        following = http.get("/v2/app/blobs/x").next_request
        assert following is not None
        following.headers["authorization"] = "Bearer mine"
        assert http.send(following).status_code == 200
    assert other.saw("authorization") == []


def test_the_permission_of_a_redirect_is_for_its_target_only(
    access: Access, registry: EmbeddedRegistry, other: AnsweringServer
) -> None:
    registry.redirects["/v2/app/blobs"] = f"https://other.test:{other.port}/store"
    with access.client(follow_redirects=False) as http:
        following = http.get("/v2/app/blobs/x").next_request
        assert following is not None
        elsewhere = http.build_request("GET", "https://third.test/", extensions=following.extensions)
        with pytest.raises(OriginRefused):
            http.send(elsewhere)


def _setting_a_cookie() -> CannedResponse:
    return CannedResponse(200, {"Set-Cookie": "session=1; Domain=registry.test; Path=/"})
