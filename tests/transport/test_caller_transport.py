"""A transport of the caller's own: used only where it is marked, never looked into, never changed."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from ocibroker import Access, Broker, CallerTransport
from ocibroker.errors import (
    ConnectionFailed,
    DeadlineExceeded,
    IntegrityError,
    OcibrokerError,
    OriginRefused,
    TLSFailed,
    TransportRefused,
    WrongScheme,
)
from ocibroker.testing import Authority, EmbeddedRegistry
from tests.transport.answering_server import OK, AnsweringServer, answering
from tests.transport.brokers import MODES, Desk, Mode, ask, exchange, rule

HOST = "localhost"
TAGS = "/v2/app/tags/list"


@pytest.fixture
def registry(authority: Authority) -> Iterator[EmbeddedRegistry]:
    with EmbeddedRegistry(tls=authority.server_context(HOST), users={"alice": "wonder"}, host=HOST) as running:
        running.push("app", "1", b"{}", "application/vnd.oci.image.manifest.v1+json")
        yield running


def trusting(roots: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=roots)


class Kind:
    """A class, which is no transport of that class."""


UNMARKED: list[tuple[str, object, str]] = [
    ("sync-transport", httpx.HTTPTransport(), "httpx.HTTPTransport"),
    ("async-transport", httpx.AsyncHTTPTransport(), "httpx.AsyncHTTPTransport"),
    ("mock", httpx.MockTransport(lambda _: httpx.Response(200)), "httpx.MockTransport"),
    ("client", httpx.Client(), "httpx.Client"),
    ("async-client", httpx.AsyncClient(), "httpx.AsyncClient"),
    ("context", ssl.create_default_context(), "ssl.SSLContext"),
    ("class", Kind, "type"),
    ("text", "https://proxy.test", "str"),
    ("false", False, "bool"),
    ("true", True, "bool"),
    ("mapping", {}, "dict"),
    ("function", lambda request: request, "function"),
    ("object", Kind(), "tests.transport.test_caller_transport.Kind"),
]


@pytest.mark.acceptance(4)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("given", "name"), [pytest.param(given, name, id=case) for case, given, name in UNMARKED])
def test_an_unmarked_transport_is_refused_by_the_name_of_its_type(
    desk: Desk, given: object, name: str, mode: Mode
) -> None:
    broker = desk.broker()
    with pytest.raises(TransportRefused, match=rf"a {name} was handed over unmarked \(wrap it"):
        ask(broker, mode, "registry.test/app", transport=given)


@pytest.mark.acceptance(5)
def test_a_mark_around_none_is_refused_and_names_it() -> None:
    with pytest.raises(TransportRefused, match=r"CallerTransport\(None\)"):
        CallerTransport(None)  # type: ignore[arg-type]


@pytest.mark.acceptance(5)
@pytest.mark.parametrize(
    ("given", "name"),
    [
        pytest.param(given, name, id=case)
        for case, given, name in UNMARKED
        if "transport" not in case and case != "mock"
    ],
)
def test_a_mark_around_no_transport_is_refused_by_the_name_of_its_type(given: object, name: str) -> None:
    with pytest.raises(TransportRefused, match=rf"holds a {name}"):
        CallerTransport(given)  # type: ignore[arg-type]


def own(mode: Mode, roots: Path | None = None) -> httpx.HTTPTransport | httpx.AsyncHTTPTransport:
    """A transport of httpx's that leaves no connection open in an event loop which has ended."""
    verify, limits = trusting(roots) if roots else True, httpx.Limits(max_keepalive_connections=0)
    if mode == "sync":
        return httpx.HTTPTransport(verify=verify, limits=limits)
    return httpx.AsyncHTTPTransport(verify=verify, limits=limits)


def marked(broker: Broker, registry: EmbeddedRegistry, transport: object) -> Access:
    return broker.access(f"{registry.address}/app", transport=CallerTransport(transport))  # type: ignore[arg-type]


@pytest.mark.acceptance(4)
@pytest.mark.parametrize("mode", MODES)
def test_a_marked_transport_is_used_and_carries_the_credential(
    desk: Desk, registry: EmbeddedRegistry, roots: Path, mode: Mode
) -> None:
    access = marked(desk.broker(rule(registry.address)), registry, own(mode, roots))
    assert exchange(access, mode, "GET", TAGS).status_code == 200
    assert registry.requests[-1].headers["authorization"].startswith("Basic ")
    assert f"TLS by the caller's transport (httpx.{type(own(mode)).__name__})" in repr(access.transport)


@pytest.mark.acceptance(4)
@pytest.mark.parametrize("mode", MODES)
def test_an_error_says_whose_tls_it_was(desk: Desk, registry: EmbeddedRegistry, mode: Mode) -> None:
    access = marked(desk.broker(rule(registry.address)), registry, own(mode))
    kind = type(own(mode)).__name__
    with pytest.raises(TLSFailed, match=rf"^{registry.url}: .*TLS by the caller's transport \(httpx.{kind}\)"):
        exchange(access, mode, "GET", TAGS)
    assert list(registry.requests) == []


@pytest.mark.acceptance(4)
@pytest.mark.parametrize(("mode", "kind"), [("sync", httpx.AsyncHTTPTransport), ("async", httpx.HTTPTransport)])
def test_a_transport_for_the_other_way_of_calling_is_refused(
    desk: Desk, registry: EmbeddedRegistry, mode: Mode, kind: type[httpx.HTTPTransport]
) -> None:
    other = "asynchronous" if mode == "sync" else "synchronous"
    access = marked(desk.broker(rule(registry.address)), registry, kind())
    with pytest.raises(TransportRefused, match=rf"httpx.{kind.__name__}\): is {other} only"):
        exchange(access, mode, "GET", TAGS)


class Opaque(httpx.BaseTransport):
    """Passes a request on, and remembers what else was looked at."""

    def __init__(self, inner: httpx.BaseTransport, looked_at: list[str]) -> None:
        object.__setattr__(self, "_secrets", (inner, looked_at))

    def __getattribute__(self, name: str) -> object:
        inner, looked_at = object.__getattribute__(self, "_secrets")
        looked_at.append(name)
        return inner.handle_request if name == "handle_request" else object.__getattribute__(self, name)

    def __setattr__(self, name: str, value: object) -> None:
        raise AssertionError(f"{name} was set")

    def close(self) -> None:
        raise AssertionError("the caller's transport was closed")


@pytest.mark.acceptance(3, 6)
def test_nested_wrappers_are_used_and_never_looked_into(
    desk: Desk, registry: EmbeddedRegistry, roots: Path
) -> None:
    looked_at: list[str] = []
    innermost = httpx.HTTPTransport(verify=trusting(roots))
    transport = Opaque(Opaque(Opaque(innermost, looked_at), looked_at), looked_at)
    with Desk(desk.folder, roots).broker(rule(registry.address)) as broker:
        access = marked(broker, registry, transport)
        assert exchange(access, "sync", "GET", TAGS).status_code == 200
        assert "Opaque" in repr(access.transport)
    assert set(looked_at) <= {"handle_request", "__class__"}
    innermost.close()


@pytest.mark.acceptance(3)
@pytest.mark.parametrize("mode", MODES)
def test_a_marked_transport_is_not_closed_by_us(
    desk: Desk, registry: EmbeddedRegistry, roots: Path, mode: Mode
) -> None:
    class Mine(httpx.HTTPTransport):
        closed = 0

        def close(self) -> None:
            self.closed += 1
            super().close()

    class MineAsync(httpx.AsyncHTTPTransport):
        closed = 0

        async def aclose(self) -> None:
            self.closed += 1
            await super().aclose()

    limits = httpx.Limits(max_keepalive_connections=0)
    mine = (Mine if mode == "sync" else MineAsync)(verify=trusting(roots), limits=limits)
    with Desk(desk.folder, roots).broker(rule(registry.address)) as broker:
        exchange(marked(broker, registry, mine), mode, "GET", TAGS)
    assert mine.closed == 0


@pytest.fixture
def impostor(authority: Authority) -> Iterator[AnsweringServer]:
    """A host whose certificate nobody trusts."""
    with answering(OK, Authority().server_context(HOST)) as running:
        yield running


@pytest.mark.acceptance(7)
def test_insecure_for_one_registry_does_not_reach_a_clients_transport(
    desk: Desk, impostor: AnsweringServer, roots: Path
) -> None:
    address = f"{HOST}:{impostor.port}"
    shared = httpx.HTTPTransport(verify=trusting(roots))
    broker = desk.broker(f'[[tls]]\nmatch = "{address}"\ninsecure = true\n')
    assert exchange(broker.access(f"{address}/app"), "sync", "GET", "/v2/").status_code == 200
    theirs = broker.access(f"{address}/app", transport=CallerTransport(shared))
    with pytest.raises(TLSFailed, match="TLS by the caller's transport"):
        exchange(theirs, "sync", "GET", "/v2/")
    with (
        httpx.Client(transport=shared) as http,
        pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        http.get(f"https://{address}/v2/")


@pytest.mark.acceptance(7)
def test_insecure_for_one_registry_changes_no_default_of_the_process(desk: Desk, impostor: AnsweringServer) -> None:
    address = f"{HOST}:{impostor.port}"
    broker = desk.broker(f'[[tls]]\nmatch = "{address}"\ninsecure = true\n')
    exchange(broker.access(f"{address}/app"), "sync", "GET", "/v2/")
    with httpx.Client() as http, pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        http.get(f"https://{address}/v2/")


@pytest.mark.acceptance(3)
def test_insecure_false_is_the_same_as_unset(desk: Desk, impostor: AnsweringServer) -> None:
    entry = f'[[tls]]\nmatch = "{HOST}:{impostor.port}"\n'
    unset, explicit = (
        desk.broker(text).access(f"{HOST}:{impostor.port}/app") for text in (entry, f"{entry}insecure = false\n")
    )
    assert unset.tls.load().digest == explicit.tls.load().digest
    with pytest.raises(TLSFailed):
        exchange(explicit, "sync", "GET", "/v2/")


@pytest.mark.parametrize("mode", MODES)
def test_the_rules_of_the_pairing_hold_over_a_callers_transport(
    desk: Desk, registry: EmbeddedRegistry, authority: Authority, roots: Path, mode: Mode
) -> None:
    with answering(OK, authority.server_context("127.0.0.1")) as blobs:
        registry.redirects["/v2/app/blobs"] = f"https://127.0.0.1:{blobs.port}"
        access = marked(desk.broker(rule(registry.address)), registry, own(mode, roots))
        assert exchange(access, mode, "GET", "/v2/app/blobs/x").status_code == 200
        with pytest.raises(OriginRefused):
            exchange(access, mode, "GET", f"https://127.0.0.1:{blobs.port}/")
        assert (blobs.saw("authorization"), len(blobs.requests)) == ([], 1)


class Failing(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Raises that, or gives it, whichever way it is called."""

    def __init__(self, outcome: object) -> None:
        self._outcome = outcome

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if isinstance(self._outcome, BaseException):
            raise self._outcome
        return self._outcome  # type: ignore[return-value]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self.handle_request(request)


class Theirs(Exception):
    """Of a library that nobody here knows."""


@pytest.mark.acceptance(4)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        pytest.param(ValueError("x"), TransportRefused, id="ValueError"),
        pytest.param(KeyError("x"), TransportRefused, id="KeyError"),
        pytest.param(Theirs("x"), TransportRefused, id="unknown"),
        pytest.param(AssertionError("x"), TransportRefused, id="AssertionError"),
        pytest.param(RecursionError("x"), ConnectionFailed, id="RecursionError"),
        pytest.param(httpx.ConnectError("x"), ConnectionFailed, id="ConnectError"),
        pytest.param(httpx.ReadError("x"), ConnectionFailed, id="ReadError"),
        pytest.param(httpx.ProxyError("x"), ConnectionFailed, id="ProxyError"),
        pytest.param(httpx.ConnectTimeout("x"), DeadlineExceeded, id="ConnectTimeout"),
        pytest.param(TimeoutError("x"), DeadlineExceeded, id="TimeoutError"),
        pytest.param(httpx.LocalProtocolError("x"), IntegrityError, id="LocalProtocolError"),
        pytest.param(UnicodeEncodeError("ascii", "é", 0, 1, "x"), IntegrityError, id="UnicodeError"),
        pytest.param(ssl.SSLError(1, "x"), TLSFailed, id="SSLError"),
        pytest.param(OSError(9, "x"), ConnectionFailed, id="OSError"),
        pytest.param(WrongScheme("theirs", culprit="there"), WrongScheme, id="one-of-ours"),
        pytest.param(None, TransportRefused, id="gives-None"),
        pytest.param("200 OK", TransportRefused, id="gives-text"),
    ],
)
def test_what_a_callers_transport_raises_or_gives_becomes_a_typed_error(
    desk: Desk, registry: EmbeddedRegistry, outcome: object, error: type[OcibrokerError], mode: Mode
) -> None:
    access = marked(desk.broker(rule(registry.address)), registry, Failing(outcome))
    with pytest.raises(error) as caught:
        exchange(access, mode, "GET", TAGS)
    assert (caught.value.culprit != "", caught.value.__cause__, caught.value.__context__) == (True, None, None)


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
def test_ctrl_c_in_a_callers_transport_is_not_swallowed(
    desk: Desk, registry: EmbeddedRegistry, interrupt: type[BaseException]
) -> None:
    access = marked(desk.broker(rule(registry.address)), registry, Failing(interrupt()))
    with pytest.raises(interrupt):
        exchange(access, "sync", "GET", TAGS)


class Broken(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that fails after its first part."""

    def __init__(self, error: Exception) -> None:
        self._error = error
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        yield b"x"
        raise self._error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"x"
        raise self._error

    def close(self) -> None:
        self.closed += 1

    async def aclose(self) -> None:
        self.closed += 1


class OneSided(httpx.AsyncByteStream):
    """A body for event loops only."""

    def __init__(self, both: Broken) -> None:
        self.both = both

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.both.__aiter__()

    async def aclose(self) -> None:
        await self.both.aclose()


@pytest.mark.acceptance(4)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("status", [200, 401], ids=["answer", "challenge"])
@pytest.mark.parametrize(
    ("raised", "error"),
    [(httpx.ReadError("x"), ConnectionFailed), (Theirs("x"), TransportRefused)],
    ids=["ReadError", "unknown"],
)
def test_so_does_what_is_raised_while_its_body_is_read(
    desk: Desk, registry: EmbeddedRegistry, raised: Exception, error: type[OcibrokerError], status: int, mode: Mode
) -> None:
    body = Broken(raised)
    stream: httpx.AsyncByteStream = OneSided(body) if mode == "async" else body
    access = marked(desk.broker(rule(registry.address)), registry, Failing(httpx.Response(status, stream=stream)))
    with pytest.raises(OcibrokerError) as caught:
        exchange(access, mode, "GET", TAGS)
    assert isinstance(caught.value, error) or status == 401
    assert body.closed == 1
