"""No secret stands in a log, in an error, or in a traceback with all its local variables."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

import httpx
import pytest

from ocibroker import Access, Anonymous, Basic, Bearer, Credential, IdentityToken
from ocibroker.errors import CredentialUnavailable
from ocibroker.provider import FetchRequest
from ocibroker.testing import Authority, CannedResponse, EmbeddedRegistry
from tests.transport.answering_server import answering
from tests.transport.brokers import MODES, Desk, Mode, exchange, made_rule
from tests.transport.canary import Canary, everything_about, everything_logged, outcome
from tests.transport.made_provider import Fetch, MadeProvider, NoOptions, giving
from tests.transport.raw_server import Script, hanging_up, raw, saying, silent
from tests.transport.token_world import asking

HOST = "registry.test"
TAGS = "/v2/app/tags/list"
KINDS = ("basic", "identity-token", "bearer")
SERVED = {"basic by basic", "basic by token", "identity-token by token"}
NO_CHALLENGE = b'HTTP/1.1 401 No\r\nWWW-Authenticate: ,"=\r\nContent-Length: 0\r\n\r\n'
TO_HTTP = b"HTTP/1.1 302 No\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def canary() -> Canary:
    return Canary()


@pytest.fixture
def running() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@dataclass
class Watched:
    """Runs actions while everything is logged, and collects what could be printed of them."""

    canary: Canary
    caplog: pytest.LogCaptureFixture

    def run(self, action: Callable[[], object], *, fails: bool) -> BaseException | None:
        """Assert that ``action`` fails or not, and that it shows nothing."""
        self.caplog.set_level(logging.DEBUG)
        got = outcome(action)
        error = got if isinstance(got, BaseException) else None
        assert (error is not None) == fails, error
        shown = everything_about(error) if error else ""
        assert self.canary.hits(shown) == []
        assert self.canary.hits(everything_logged(self.caplog.records)) == []
        return error

    def calls(self, access: Access, mode: Mode, *, fails: bool, path: str = TAGS) -> BaseException | None:
        assert self.canary.hits(f"{access!r} {access} {access.transport!r} {access.tls.describe()}") == []
        return self.run(lambda: exchange(access, mode, "GET", path, timeout=0.5), fails=fails)


@pytest.fixture
def watched(canary: Canary, caplog: pytest.LogCaptureFixture) -> Watched:
    return Watched(canary, caplog)


def credential(canary: Canary, kind: str) -> Credential:
    made: dict[str, Callable[[], Credential]] = {
        "basic": lambda: Basic(username="alice", secret=canary.secret),
        "identity-token": lambda: IdentityToken(username="alice", secret=canary.secret),
        "bearer": lambda: Bearer(secret=canary.ascii),
    }
    return made[kind]()


def access_to(desk: Desk, port: int, canary: Canary, kind: str, more: str = "") -> Access:
    broker = desk.broker(made_rule(f"{HOST}:{port}", more=more), offered=[giving(credential(canary, kind))])
    return broker.access(f"{HOST}:{port}/app")


class TestTheCanary:
    @pytest.mark.parametrize(
        "form",
        [
            lambda text: text,
            lambda text: f"x{text}y",
            lambda text: repr(text.encode()),
            lambda text: quote(text, safe=""),
            lambda text: text.encode().hex(),
            lambda text: text.encode().hex().upper(),
            lambda text: base64.b64encode(text.encode()).decode(),
            lambda text: base64.b64encode(f"alice:{text}".encode()).decode(),
            lambda text: base64.b64encode(f"bob:{text}".encode()).decode(),
            lambda text: base64.b64encode(f"carol:{text}:x".encode()).decode(),
        ],
        ids=["raw", "within", "repr", "quoted", "hex", "HEX", "base64", "basic-alice", "basic-bob", "basic-carol"],
    )
    def test_it_is_found_in_every_form(self, canary: Canary, form: Callable[[str], str]) -> None:
        assert canary.hits(form(canary.secret.reveal()))

    def test_a_local_variable_is_found(self, canary: Canary) -> None:
        def careless() -> None:
            proof = f"Basic {canary.secret.reveal()}"
            raise ValueError(len(proof))

        error = outcome(careless)
        assert isinstance(error, ValueError)
        assert canary.hits(everything_about(error))


@pytest.mark.acceptance(40)
@pytest.mark.parametrize("mode", MODES)
class TestNothingIsShown:
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("auth", ["basic", "token"])
    def test_by_success_and_by_refusal(
        self,
        desk: Desk,
        authority: Authority,
        watched: Watched,
        auth: Literal["basic", "token"],
        kind: str,
        mode: Mode,
    ) -> None:
        canary = watched.canary
        right = {
            "users": {"alice": canary.secret.reveal()},
            "refresh_tokens": {canary.secret.reveal(): "alice"},
        }
        for settings in (right, {"users": {"alice": "other"}}):
            with EmbeddedRegistry(
                tls=authority.server_context(HOST),
                auth=auth,
                host=HOST,
                **settings,  # type: ignore[arg-type]
            ) as registry:
                registry.push("app", "1", b"{}", "application/vnd.oci.image.manifest.v1+json")
                serves = settings is right and (auth, kind) in {
                    ("basic", "basic"),
                    ("token", "basic"),
                    ("token", "identity-token"),
                }
                watched.calls(access_to(desk, registry.port, canary, kind), mode, fails=not serves)

    @pytest.mark.parametrize("kind", KINDS)
    def test_by_a_handshake_that_fails(self, desk: Desk, watched: Watched, kind: str, mode: Mode) -> None:
        with raw(hanging_up, Authority().server_context(HOST)) as server:
            watched.calls(access_to(desk, server.port, watched.canary, kind), mode, fails=True)
            assert watched.canary.hits(server.received.decode("latin-1")) == []

    @pytest.mark.parametrize(
        "script",
        [
            pytest.param(hanging_up, id="no-answer"),
            pytest.param(silent, id="silence"),
            pytest.param(saying(b"nonsense\r\n\r\n"), id="no-http"),
            pytest.param(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"), id="cut-short"),
            pytest.param(
                saying(b'HTTP/1.1 401 No\r\nWWW-Authenticate: ,"=\r\nContent-Length: 0\r\n\r\n'), id="garbage"
            ),
            pytest.param(
                saying(b"HTTP/1.1 302 No\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n"), id="redirect"
            ),
        ],
    )
    def test_by_a_connection_that_breaks_after_the_credential_was_sent(
        self, desk: Desk, authority: Authority, watched: Watched, script: Script, mode: Mode
    ) -> None:
        with raw(script, authority.server_context(HOST)) as server:
            watched.calls(access_to(desk, server.port, watched.canary, "bearer"), mode, fails=True)
            if script is not silent:
                assert watched.canary.ascii.reveal().encode() in server.received

    @pytest.mark.parametrize("kind", ["basic", "identity-token"])
    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(lambda secret: CannedResponse(200, {}, b'{"token": "' + secret), id="malformed"),
            pytest.param(lambda secret: CannedResponse(200, {}, b'{"token": ["' + secret + b'"]}'), id="list"),
            pytest.param(lambda secret: CannedResponse(200, {}, b'{"token": " ' + secret + b' "}'), id="spaces"),
            pytest.param(
                lambda secret: CannedResponse(200, {}, b'{"token": "' + secret + b'", "expires_in": -1}'), id="life"
            ),
            pytest.param(
                lambda secret: CannedResponse(200, {}, b'{"access_token": "' + secret + b'\\n"}'), id="line-break"
            ),
            pytest.param(
                lambda secret: CannedResponse(200, {}, b'{"token": "' + 70_000 * b"x" + secret + b'"}'),
                id="endless",
            ),
            pytest.param(lambda secret: CannedResponse(400, {}, b'{"error": "' + secret + b'"}'), id="refused"),
            pytest.param(lambda secret: CannedResponse(503, {}, secret), id="failed"),
            pytest.param(lambda _: CannedResponse(307, {"Location": "https://evil.test/"}), id="redirected"),
        ],
    )
    def test_by_a_token_endpoint_that_misbehaves(
        self,
        desk: Desk,
        authority: Authority,
        watched: Watched,
        running: ExitStack,
        answer: Callable[[bytes], CannedResponse],
        kind: str,
        mode: Mode,
    ) -> None:
        canned = answer(watched.canary.ascii.reveal().encode())
        tokens = running.enter_context(answering(lambda _: canned, authority.server_context("auth.test")))
        realm = f"auth.test:{tokens.port}"
        registry = running.enter_context(
            answering(asking(f"https://{realm}/token"), authority.server_context(HOST))
        )
        access = access_to(desk, registry.port, watched.canary, kind, f'realms = ["{realm}"]')
        watched.calls(access, mode, fails=True)
        assert tokens.requests

    def test_by_a_token_that_is_refused(
        self, desk: Desk, authority: Authority, watched: Watched, running: ExitStack, mode: Mode
    ) -> None:
        body = b'{"token": "' + watched.canary.ascii.reveal().encode() + b'"}'
        tokens = running.enter_context(
            answering(lambda _: CannedResponse(200, {}, body), authority.server_context("auth.test"))
        )
        realm = f"auth.test:{tokens.port}"
        registry = running.enter_context(
            answering(asking(f"https://{realm}/token", token="another"), authority.server_context(HOST))
        )
        access = access_to(desk, registry.port, watched.canary, "basic", f'realms = ["{realm}"]')
        watched.calls(access, mode, fails=True)
        assert registry.saw("authorization") == [f"Bearer {watched.canary.ascii.reveal()}"]

    @pytest.mark.parametrize("kind", KINDS)
    def test_by_a_realm_that_is_refused(
        self, desk: Desk, authority: Authority, watched: Watched, kind: str, mode: Mode
    ) -> None:
        with answering(asking("https://evil.test/token"), authority.server_context(HOST)) as registry:
            watched.calls(access_to(desk, registry.port, watched.canary, kind), mode, fails=True)

    @pytest.mark.parametrize("kind", KINDS)
    def test_by_a_request_to_another_origin(self, desk: Desk, watched: Watched, kind: str, mode: Mode) -> None:
        access = access_to(desk, 443, watched.canary, kind)
        watched.calls(access, mode, fails=True, path="https://evil.test/")

    @pytest.mark.parametrize("kind", KINDS)
    def test_by_a_header_that_cannot_be_written(
        self, desk: Desk, authority: Authority, watched: Watched, running: ExitStack, kind: str, mode: Mode
    ) -> None:
        registry = running.enter_context(answering(lambda _: CannedResponse(), authority.server_context(HOST)))
        access = access_to(desk, registry.port, watched.canary, kind)
        watched.run(lambda: exchange(access, mode, "GET", TAGS, headers={"x": "a\nb"}), fails=True)


def _raising(make: Callable[[str], BaseException]) -> Callable[[Canary], Fetch]:
    def of(canary: Canary) -> Fetch:
        def fetch(request: FetchRequest[NoOptions]) -> Credential | Anonymous:
            raise make(canary.secret.reveal()) from KeyError(canary.secret.reveal())

        return fetch

    return of


def _giving(make: Callable[[str], object]) -> Callable[[Canary], Fetch]:
    return lambda canary: lambda _: make(canary.secret.reveal())  # type: ignore[return-value]


def _mine(_: str) -> BaseException:
    return CredentialUnavailable("the profile has expired")


def _calling_home(canary: Canary) -> Fetch:
    def fetch(request: FetchRequest[NoOptions]) -> Credential | Anonymous:
        headers = {"Authorization": f"Bearer {canary.ascii.reveal()}"}
        form = {"client_secret": canary.secret.reveal()}
        request.http.post("https://sts.test:1/token", headers=headers, data=form)
        raise AssertionError("nobody listens there")

    return fetch


@pytest.mark.acceptance(15)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "fetch",
    [
        pytest.param(_raising(ValueError), id="ValueError"),
        pytest.param(_raising(SystemExit), id="SystemExit"),
        pytest.param(_raising(KeyboardInterrupt), id="KeyboardInterrupt"),
        pytest.param(_raising(asyncio.CancelledError), id="CancelledError"),
        pytest.param(_raising(httpx.ReadError), id="httpx"),
        pytest.param(_raising(_mine), id="typed-with-a-cause"),
        pytest.param(_giving(str), id="gives-text"),
        pytest.param(_giving(lambda secret: (secret, None)), id="gives-a-pair"),
        pytest.param(_giving(lambda secret: Bearer(secret=secret)), id="secret-as-text"),  # type: ignore[arg-type]
        pytest.param(_calling_home, id="its-request-fails"),
    ],
)
def test_a_providers_failure_shows_nothing(
    desk: Desk, watched: Watched, fetch: Callable[[Canary], Fetch], mode: Mode
) -> None:
    broker = desk.broker(made_rule("registry.test"), offered=[MadeProvider(fetch(watched.canary))])

    def ask() -> object:
        if mode == "sync":
            return broker.access("registry.test/app")
        return asyncio.run(broker.access_async("registry.test/app"))

    watched.run(ask, fails=True)
    watched.run(lambda: broker.explain("registry.test/app"), fails=False)


def test_an_explanation_of_a_literal_password_shows_nothing(desk: Desk, watched: Watched) -> None:
    options = f'options = {{ username = "alice", password = "{watched.canary.secret.reveal()}" }}'
    broker = desk.broker(made_rule("registry.test", provider="basic", more=options))
    broker.access("registry.test/app")
    assert watched.canary.hits(repr(broker.explain("registry.test/app"))) == []
    assert watched.canary.hits(repr(broker.config)) == []
