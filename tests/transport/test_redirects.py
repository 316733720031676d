"""Where a redirect may lead, and that no credential goes there with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker import Access
from ocibroker.errors import RedirectRefused
from ocibroker.testing import Authority, CannedResponse, EmbeddedRegistry
from ocibroker.testing.request import Request
from tests.transport.answering_server import OK, AnsweringServer, answering, by_path
from tests.transport.brokers import MODES, Desk, Mode, exchange, rule

HOST = "registry.test"
PATH = "/v2/app/manifests/1"
AUTHS: tuple[Literal["basic", "token"], ...] = ("basic", "token")
STATUSES = (301, 302, 303, 307, 308)


@dataclass(frozen=True)
class World:
    """A registry, a server on other hosts, and one without TLS; ``access`` has used its credential already."""

    registry: EmbeddedRegistry
    other: AnsweringServer
    plain: AnsweringServer
    access: Access

    def place(self, text: str) -> str:
        return text.format(own=self.registry.port, other=self.other.port, plain=self.plain.port)

    def redirecting(self, status: int, location: str) -> World:
        """Forget what was asked so far; from now on the registry redirects."""
        self.registry.responses[PATH] = CannedResponse(status, {"Location": location})
        self.registry.requests.take()
        self.other.requests.clear()
        self.plain.requests.clear()
        return self


@pytest.fixture(scope="module", params=AUTHS)
def world(
    request: pytest.FixtureRequest, authority: Authority, roots: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    with ExitStack() as running:
        tls = authority.server_context(HOST, "sub.registry.test")
        registry = running.enter_context(
            EmbeddedRegistry(tls=tls, users={"alice": "wonder"}, auth=request.param, host=HOST)
        )
        registry.responses["/landing"] = CannedResponse(200, {}, b"here")
        registry.push("app", "2", b"{}", "application/vnd.oci.image.manifest.v1+json")
        back = CannedResponse(307, {"Location": f"{registry.url}/v2/app/manifests/2"})
        paths = {"/landing": CannedResponse(200, {}, b"here"), "/back": back}
        names = (HOST, "other.test", "169.254.169.254")
        other = running.enter_context(answering(by_path(paths), authority.server_context(*names)))
        plain = running.enter_context(answering(OK))
        desk = Desk(tmp_path_factory.mktemp("redirects"), roots)
        running.callback(desk.close)
        access = desk.broker(rule(registry.address)).access(f"{registry.address}/app", actions=("pull", "push"))
        for method in ("GET", "POST"):  # from here on the credential is sent with the first request
            assert exchange(access, "sync", method, _usual(method)).status_code < 300
        yield World(registry, other, plain, access)


def _usual(method: str) -> str:
    return "/v2/app/tags/list" if method == "GET" else "/v2/app/blobs/uploads/"


AWAY = [
    pytest.param("https://other.test:{other}/landing", id="other-host"),
    pytest.param("https://registry.test:{other}/landing", id="other-port"),
    pytest.param("https://sub.registry.test:{own}/landing", id="sub-domain"),
]
REFUSED = [
    pytest.param("http://registry.test:{plain}/landing", id="https-to-http"),
    pytest.param("http://registry.test:{own}/landing", id="https-to-http-same-port"),
    pytest.param("https://169.254.169.254:{other}/landing", id="metadata-ip"),
    pytest.param("https://[::ffff:169.254.169.254]:{other}/landing", id="metadata-ip-mapped"),
    pytest.param("https://[fd00:ec2::254]:{other}/landing", id="metadata-ipv6"),
    pytest.param("https://100.100.100.200:{other}/landing", id="metadata-ip-not-link-local"),
    pytest.param("https://0.0.0.0:{other}/landing", id="any-address"),
    pytest.param("https://[", id="garbage"),
    pytest.param("https://2852039166/landing", id="metadata-ip-as-a-number"),
    pytest.param("ftp://other.test:{other}/landing", id="ftp"),
    pytest.param("https:///landing", id="no-host"),
    pytest.param("https://alice:pw@other.test:{other}/landing", id="password"),
    pytest.param("https://alice@registry.test:{own}/landing", id="user-name"),
]
BODIES = [pytest.param("POST", b"body", id="POST"), pytest.param("PUT", b"body", id="PUT")]
CROSSED = [
    pytest.param(method, status, mode, id=f"{method}-{status}-{mode}")
    for method in ("GET", "HEAD")
    for status in STATUSES
    for mode in MODES
]


@pytest.mark.acceptance(24)
@pytest.mark.parametrize(("method", "status", "mode"), CROSSED)
@pytest.mark.parametrize("location", AWAY)
def test_a_read_is_followed_elsewhere_without_the_credential(
    world: World, method: str, status: int, location: str, mode: Mode
) -> None:
    world.redirecting(status, world.place(location))
    assert exchange(world.access, mode, method, PATH).status_code == 200
    first, *later = [request for request in world.registry.requests if request.path == PATH]
    assert ("authorization" in first.headers, later) == (True, [])
    landed = [one.headers for one in (*world.registry.requests, *world.other.requests) if one.path == "/landing"]
    assert [("authorization" in headers, headers["host"]) for headers in landed] == [
        (False, world.place(location).split("/")[2])
    ]


@pytest.mark.acceptance(24)
@pytest.mark.parametrize(("method", "status", "mode"), CROSSED)
@pytest.mark.parametrize("location", REFUSED)
def test_a_redirect_to_such_a_place_is_refused_and_nothing_is_sent_there(
    world: World, method: str, status: int, location: str, mode: Mode
) -> None:
    world.redirecting(status, world.place(location))
    with pytest.raises(RedirectRefused, match=r"^https://registry\.test:\d+: redirects to "):
        exchange(world.access, mode, method, PATH)
    asked = [request.path for request in world.registry.requests]
    assert (asked, world.other.requests, world.plain.requests) == ([PATH], [], [])


@pytest.mark.acceptance(28)
@pytest.mark.parametrize(("method", "status", "mode"), CROSSED)
def test_a_401_behind_a_redirect_is_not_answered_although_it_led_back(
    world: World, method: str, status: int, mode: Mode
) -> None:
    world.redirecting(status, world.place("https://other.test:{other}/back"))
    assert exchange(world.access, mode, method, PATH).status_code == 401
    assert world.other.saw("authorization") == []
    [*_, last] = world.registry.requests
    assert (last.path, "authorization" in last.headers) == ("/v2/app/manifests/2", False)
    assert [request.path for request in world.registry.requests] == [PATH, "/v2/app/manifests/2"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize(("method", "body"), BODIES)
@pytest.mark.parametrize("location", [*AWAY, *REFUSED, pytest.param("/landing", id="itself")])
def test_what_writes_is_never_sent_on(
    world: World, method: str, body: bytes, status: int, location: str, mode: Mode
) -> None:
    world.redirecting(status, world.place(location))
    with pytest.raises(RedirectRefused):
        exchange(world.access, mode, method, PATH, content=body)
    asked = {request.path for request in world.registry.requests}
    assert (asked, world.other.requests, world.plain.requests) == ({PATH}, [], [])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("location", AWAY)
@pytest.mark.parametrize("content", [b"body", [b"bo", b"dy"]], ids=["bytes", "chunks"])
def test_a_read_with_a_body_is_never_sent_on(
    world: World, location: str, content: bytes | list[bytes], mode: Mode
) -> None:
    world.redirecting(307, world.place(location))
    body = content if isinstance(content, bytes) else _chunks(content, mode)
    with pytest.raises(RedirectRefused, match="a body is never sent on"):
        exchange(world.access, mode, "GET", PATH, content=body)
    assert world.other.requests == []


@pytest.mark.parametrize("mode", MODES)
def test_a_redirect_within_the_origin_keeps_the_credential(world: World, mode: Mode) -> None:
    world.redirecting(307, "/v2/app/manifests/2")
    assert exchange(world.access, mode, "GET", PATH).status_code == 200
    assert "authorization" in world.registry.requests[-1].headers


@pytest.mark.parametrize("mode", MODES)
def test_a_redirect_that_goes_in_circles_ends_as_a_typed_error(world: World, mode: Mode) -> None:
    world.redirecting(307, PATH)
    with pytest.raises(RedirectRefused, match="again and again"):
        exchange(world.access, mode, "GET", PATH)


def test_a_request_that_is_sent_again_begins_anew(world: World) -> None:
    world.redirecting(307, "/v2/app/manifests/2")
    with world.access.client() as http:
        request = http.build_request("GET", PATH)
        assert {http.send(request).status_code for _ in range(12)} == {200}


@pytest.mark.parametrize("status", [300, 304, 305, 306])
def test_other_statuses_with_a_location_are_answers(world: World, status: int) -> None:
    world.redirecting(status, "http://registry.test/")
    assert exchange(world.access, "sync", "GET", PATH).status_code == status


def test_a_redirect_without_a_location_is_an_answer(world: World) -> None:
    world.registry.responses[PATH] = CannedResponse(307)
    assert exchange(world.access, "sync", "GET", PATH).status_code == 307


@given(location=st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=60))
def test_whatever_a_location_says_the_end_is_an_answer_or_a_refusal(world: World, location: str) -> None:
    world.redirecting(307, location.strip())
    try:
        status = exchange(world.access, "sync", "GET", PATH).status_code
    except RedirectRefused:
        status = 0
    assert status in {0, 200, 307, 401, 404}
    assert (world.other.requests, world.plain.requests) == ([], [])


def _presigned(request: Request) -> CannedResponse:
    """Answer as S3 and Azure do: two kinds of authentication at once are an error."""
    return CannedResponse(400 if "authorization" in request.headers else 200, {}, b"blob")


@pytest.mark.acceptance(24)
@pytest.mark.parametrize("mode", MODES)
def test_a_blob_store_that_refuses_a_second_credential_serves(
    world: World, authority: Authority, mode: Mode
) -> None:
    with answering(_presigned, authority.server_context("blobs.test")) as store:
        world.redirecting(307, f"https://blobs.test:{store.port}/blob?signature=1")
        assert exchange(world.access, mode, "GET", PATH).content == b"blob"


@pytest.mark.acceptance(28)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("challenge", ['Basic realm="x"', 'Bearer realm="https://registry.test:{own}/token"'])
def test_a_challenge_of_the_redirects_target_is_not_answered(
    world: World, authority: Authority, challenge: str, mode: Mode
) -> None:
    asking = CannedResponse(401, {"WWW-Authenticate": world.place(challenge)})
    with answering(lambda _: asking, authority.server_context("blobs.test")) as store:
        world.redirecting(307, f"https://blobs.test:{store.port}/blob")
        assert exchange(world.access, mode, "GET", PATH).status_code == 401
    assert ([one.path for one in world.registry.requests], len(store.requests)) == ([PATH], 1)
    assert store.saw("authorization") == []


def test_an_upgrade_from_http_to_https_goes_without_the_credential(desk: Desk, authority: Authority) -> None:
    with (
        EmbeddedRegistry(users={"alice": "wonder"}, host=HOST) as registry,
        answering(OK, authority.server_context(HOST)) as secured,
    ):
        insecure = f'[[tls]]\nmatch = "{registry.address}"\nplain_http = true\n'
        access = desk.broker(rule(registry.address) + insecure).access(f"{registry.address}/app")
        registry.redirects["/v2/app"] = f"https://{HOST}:{secured.port}"
        assert exchange(access, "sync", "GET", PATH).status_code == 200
    assert "authorization" in registry.requests[-1].headers
    assert secured.saw("authorization") == []


def test_a_chain_of_redirects_keeps_to_the_rules(world: World, authority: Authority) -> None:
    with answering(
        lambda _: CannedResponse(302, {"Location": "http://third.test/"}), authority.server_context("blobs.test")
    ) as store:
        world.redirecting(302, f"https://blobs.test:{store.port}/")
        with pytest.raises(RedirectRefused, match="from HTTPS to HTTP"):
            exchange(world.access, "sync", "GET", PATH)


def _chunks(parts: list[bytes], mode: Mode) -> object:
    if mode == "sync":
        return iter(parts)

    async def later() -> object:
        for part in parts:
            yield part

    return later()
