"""Registries that say by another status than 401 that a credential has expired."""

from __future__ import annotations

import base64
from collections.abc import Callable

import httpx
import pytest

from ocibroker import Anonymous, Basic, CallerTransport, Secret
from ocibroker.errors import ConnectionFailed, RegistryRefused
from ocibroker.provider import FetchRequest
from ocibroker.testing import Authority, CannedResponse
from ocibroker.testing.request import Request
from tests.transport.answering_server import answering
from tests.transport.brokers import MODES, Desk, Mode, ask, exchange, made_rule
from tests.transport.made_provider import MadeProvider, NoOptions, giving

REGISTRY, PUBLIC_ECR = "registry.test", "public.ecr.aws"
BODY = b'{"errors": [{"code": "DENIED"}]}'
UPLOAD = "/v2/app/blobs/uploads/"


def token(text: str) -> Basic:
    return Basic(username="AWS", secret=Secret(text))


def taking(password: str, status: int) -> Callable[[Request], CannedResponse]:
    """Challenge who sends nothing, and answer with ``status`` whoever sends another password."""
    proof = f"Basic {base64.b64encode(f'AWS:{password}'.encode()).decode()}"

    def answer(request: Request) -> CannedResponse:
        sent = request.headers.get("authorization")
        if sent is None:
            return CannedResponse(401, {"WWW-Authenticate": 'Basic realm="ecr"'})
        return CannedResponse(200, {}, b"here") if sent == proof else CannedResponse(status, {"X-Id": "7"}, BODY)

    return answer


@pytest.mark.acceptance(30)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("host", "status"), [(REGISTRY, 403), (PUBLIC_ECR, 403), (PUBLIC_ECR, 400)])
class TestExpired:
    @pytest.mark.parametrize(("method", "content"), [("GET", b""), ("POST", b"a body that is sent again")])
    def test_the_credential_is_fetched_anew_and_the_request_sent_once_more(
        self, desk: Desk, authority: Authority, host: str, status: int, mode: Mode, method: str, content: bytes
    ) -> None:
        provider = giving(token("old"), token("new"))
        with answering(taking("new", status), authority.server_context(host)) as server:
            desk.ports[(host, 443)] = server.port
            access = desk.broker(made_rule(host), offered=[provider]).access(f"{host}/app")
            answer = exchange(access, mode, method, UPLOAD, content=content)
        assert (answer.status_code, answer.content, provider.fetched) == (200, b"here", 2)
        assert [one.body for one in server.requests] == [content] * 3

    @pytest.mark.parametrize("again", ["same", "another"])
    def test_what_is_refused_again_is_the_answer_and_nobody_goes_round_in_circles(
        self, desk: Desk, authority: Authority, host: str, status: int, mode: Mode, again: str
    ) -> None:
        provider = giving(token("old"), token("old" if again == "same" else "older"))
        with answering(taking("new", status), authority.server_context(host)) as server:
            desk.ports[(host, 443)] = server.port
            access = desk.broker(made_rule(host), offered=[provider]).access(f"{host}/app")
            for _ in range(3):
                answer = exchange(access, mode, "GET", UPLOAD)
                assert (answer.status_code, answer.content, answer.headers["x-id"]) == (status, BODY, "7")
        assert provider.fetched == 2


@pytest.mark.parametrize("mode", MODES)
def test_a_bad_request_elsewhere_is_nothing_but_that(desk: Desk, authority: Authority, mode: Mode) -> None:
    provider = giving(token("old"), token("new"))
    with answering(taking("new", 400), authority.server_context(REGISTRY)) as server:
        desk.ports[(REGISTRY, 443)] = server.port
        access = desk.broker(made_rule(REGISTRY), offered=[provider]).access(f"{REGISTRY}/app")
        answer = exchange(access, mode, "GET", UPLOAD)
    assert (answer.status_code, answer.content, provider.fetched) == (400, BODY, 1)


@pytest.mark.parametrize("mode", MODES)
def test_who_is_anonymous_has_nothing_to_fetch_anew(desk: Desk, authority: Authority, mode: Mode) -> None:
    provider: MadeProvider = giving(Anonymous("nobody"))
    forbidden = CannedResponse(403, {}, BODY)
    with answering(lambda _: forbidden, authority.server_context(REGISTRY)) as server:
        desk.ports[(REGISTRY, 443)] = server.port
        access = desk.broker(made_rule(REGISTRY), offered=[provider]).access(f"{REGISTRY}/app")
        answer = exchange(access, mode, "GET", UPLOAD)
    assert (answer.status_code, answer.content, len(server.requests), provider.fetched) == (403, BODY, 1, 1)


@pytest.mark.parametrize("status", [400, 401, 403, 503])
def test_a_transport_of_the_caller_s_that_answers_from_memory_is_read_like_any(desk: Desk, status: int) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, content=BODY)

    access = desk.broker(made_rule(REGISTRY), offered=[giving(token("old"), token("new"))]).access(
        f"{REGISTRY}/app", transport=CallerTransport(httpx.MockTransport(answer))
    )
    if status == 401:
        with pytest.raises(RegistryRefused):
            exchange(access, "sync", "GET", UPLOAD)
    else:
        assert exchange(access, "sync", "GET", UPLOAD).content == BODY


@pytest.mark.parametrize("mode", MODES)
def test_a_token_endpoint_behind_such_a_transport_is_read_too(desk: Desk, mode: Mode) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            return httpx.Response(200, json={"token": "t"})
        if request.headers.get("authorization") == "Bearer t":
            return httpx.Response(200, content=b"here")
        challenge = f'Bearer realm="https://{REGISTRY}/token",service="r"'
        return httpx.Response(401, headers={"WWW-Authenticate": challenge})

    access = desk.broker(made_rule(REGISTRY), offered=[giving(token("old"))]).access(
        f"{REGISTRY}/app", transport=CallerTransport(httpx.MockTransport(answer))
    )
    assert exchange(access, mode, "GET", UPLOAD).content == b"here"


@pytest.mark.parametrize("mode", MODES)
def test_a_credential_that_is_refused_somewhere_stays_while_there_is_no_other(
    desk: Desk, authority: Authority, mode: Mode
) -> None:
    """Who may not do one thing takes nothing from the neighbours, also while the provider is out of reach."""

    def fetch(_: FetchRequest[NoOptions]) -> Basic:
        if provider.fetched > 1:
            raise ConnectionFailed("out of reach")
        return token("good")

    provider = MadeProvider(fetch)
    forbidden = CannedResponse(403, {}, BODY)
    with answering(lambda _: forbidden, authority.server_context(REGISTRY)) as server:
        desk.ports[(REGISTRY, 443)] = server.port
        broker = desk.broker(made_rule(REGISTRY), offered=[provider])
        answer = exchange(ask(broker, mode, f"{REGISTRY}/app"), mode, "GET", UPLOAD)
        assert (answer.status_code, answer.content) == (403, BODY)
        assert ask(broker, mode, f"{REGISTRY}/app").credential == token("good")
