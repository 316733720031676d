"""A provider's time is total: however slowly a server speaks, the fetch ends with the deadline."""

from __future__ import annotations

import socket
import ssl
import threading
import time

import pytest

from ocibroker.errors import DeadlineExceeded, OcibrokerError, RedirectRefused
from ocibroker.provider import Anonymous, Credential, FetchRequest
from ocibroker.testing import Authority, CannedResponse
from tests.transport.answering_server import OK, answering
from tests.transport.brokers import MODES, Desk, Mode, ask, made_rule
from tests.transport.connect_proxy import proxying
from tests.transport.made_provider import MadeProvider, NoOptions
from tests.transport.raw_server import RawServer, Script, dripping, hanging_up, raw, silent

DEADLINE = 0.4
GENEROUS = 3 * DEADLINE
LONG = b"HTTP/1.1 200 OK\r\nX-Long: " + 1000 * b"x" + b"\r\nContent-Length: 1000\r\n\r\n" + 1000 * b"x"
HEAD, BODY = LONG[:-1000], LONG[-1000:]


def head_at_once(connection: socket.socket, server: RawServer) -> None:
    server.read(connection)
    connection.sendall(HEAD)
    dripping(BODY, pace=0.02, after_request=False)(connection, server)


class Getting:
    """A provider that makes one request, and remembers when and how that ended."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.ended = threading.Event()
        self.seconds = 0.0
        self.error: OcibrokerError | None = None
        self.made = MadeProvider(self._fetch)

    def _fetch(self, request: FetchRequest[NoOptions]) -> Credential | Anonymous:
        begun = time.monotonic()
        try:
            request.http.get(self.url)
        except OcibrokerError as error:
            self.error = error
            raise
        finally:
            self.seconds = time.monotonic() - begun
            self.ended.set()
        return Anonymous("it answered")


def fetched(desk: Desk, getting: Getting, text: str = "", *, deadline: float = DEADLINE) -> None:
    """Let the provider work and wait until it has ended, which may be after whoever asked has given up."""
    broker = desk.broker(made_rule("registry.test") + text, offered=[getting.made])
    with pytest.raises(OcibrokerError):
        broker.access("registry.test/app", deadline=deadline)
    assert getting.ended.wait(10)


@pytest.mark.fault(6)
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "script",
    [
        pytest.param(silent, id="silence"),
        pytest.param(dripping(LONG, pace=0.02), id="dripping-head"),
        pytest.param(head_at_once, id="dripping-body"),
    ],
)
def test_a_server_that_drips_does_not_outlast_it(
    desk: Desk, authority: Authority, script: Script, scheme: str
) -> None:
    with raw(script, authority.server_context("slow.test") if scheme == "https" else None) as server:
        place = f"{scheme}://slow.test:{server.port}"
        fetched(desk, getting := Getting(f"{place}/"))
    assert isinstance(getting.error, DeadlineExceeded)
    assert (getting.error.culprit, getting.seconds < GENEROUS) == (place, True)


@pytest.mark.parametrize(
    "script",
    [pytest.param(silent, id="silence"), pytest.param(dripping(500 * b"\x16", pace=0.02), id="dripping")],
)
def test_neither_does_a_handshake(desk: Desk, script: Script) -> None:
    with raw(script) as server:
        fetched(desk, getting := Getting(f"https://slow.test:{server.port}/"))
    assert getting.seconds < GENEROUS


def test_a_proxy_that_is_silent_is_named(desk: Desk) -> None:
    with raw(silent) as server:
        entry = f'[[tls]]\nmatch = "slow.test"\nproxy = "http://proxy.test:{server.port}"\n'
        fetched(desk, getting := Getting("https://slow.test/"), entry)
    assert isinstance(getting.error, DeadlineExceeded)
    assert getting.seconds < GENEROUS


def test_a_deadline_spans_all_requests_of_a_fetch(desk: Desk) -> None:
    ended, times = threading.Event(), list[float]()

    def fetch(request: FetchRequest[NoOptions]) -> Credential | Anonymous:
        begun = time.monotonic()
        try:
            for _ in range(50):
                request.http.get(url)
        finally:
            times.append(time.monotonic() - begun)
            ended.set()
        return Anonymous("it answered")

    def answer(_: object) -> CannedResponse:
        ended.wait(DEADLINE / 4)
        return CannedResponse()

    with answering(answer) as server:
        url = f"http://slow.test:{server.port}/"
        broker = desk.broker(made_rule("registry.test"), offered=[MadeProvider(fetch)])
        with pytest.raises(DeadlineExceeded):
            broker.access("registry.test/app", deadline=DEADLINE)
        assert ended.wait(10)
    assert times[0] < GENEROUS


@pytest.mark.fault(5)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("limit", ["deadline", "rule"])
def test_who_waits_for_a_provider_that_hangs_is_released(desk: Desk, limit: str, mode: Mode) -> None:
    released = threading.Event()

    def fetch(_: FetchRequest[NoOptions]) -> Credential | Anonymous:
        released.wait(10)
        return Anonymous("at last")

    broker = desk.broker(made_rule("registry.test"), offered=[MadeProvider(fetch)])
    begun = time.monotonic()
    try:
        with pytest.raises(DeadlineExceeded, match="provider made: did not answer in time"):
            ask(broker, mode, "registry.test/app", deadline=DEADLINE)
        assert time.monotonic() - begun < GENEROUS
    finally:
        released.set()


def test_a_rules_timeout_is_total_too(desk: Desk) -> None:
    with raw(dripping(LONG, pace=0.02)) as server:
        getting = Getting(f"http://slow.test:{server.port}/")
        broker = desk.broker(made_rule("registry.test", more=f"timeout = {DEADLINE}"), offered=[getting.made])
        with pytest.raises(DeadlineExceeded):
            broker.access("registry.test/app", deadline=30)
    assert getting.seconds < GENEROUS


def test_a_deadline_that_has_passed_starts_nothing_on_the_network(desk: Desk) -> None:
    with raw(silent) as server:
        getting = Getting(f"http://slow.test:{server.port}/")
        broker = desk.broker(made_rule("registry.test"), offered=[getting.made])
        with pytest.raises(DeadlineExceeded):
            broker.access("registry.test/app", deadline=0)
        assert (server.connections, getting.made.fetched) == (0, 0)


class TestTheClientOfAFetch:
    def get(self, desk: Desk, url: str, text: str = "", **headers: str) -> OcibrokerError | int:
        answers: list[OcibrokerError | int] = []

        def fetch(request: FetchRequest[NoOptions]) -> Credential | Anonymous:
            try:
                answers.append(request.http.get(url, headers=headers).status_code)
            except OcibrokerError as error:
                answers.append(error)
            return Anonymous("it is done")

        broker = desk.broker(made_rule("registry.test") + text, offered=[MadeProvider(fetch)])
        broker.access("registry.test/app")
        return answers[0]

    def test_it_sends_what_the_provider_puts_in(self, desk: Desk, authority: Authority) -> None:
        with answering(OK, authority.server_context("sts.test")) as server:
            assert self.get(desk, f"https://sts.test:{server.port}/", Authorization="Bearer mine") == 200
            assert server.saw("authorization") == ["Bearer mine"]

    @pytest.mark.parametrize("script", [silent, dripping(LONG, pace=0.02)], ids=["silence", "dripping"])
    def test_the_timeout_of_a_request_is_total_too(self, desk: Desk, script: Script) -> None:
        errors: list[OcibrokerError] = []

        def fetch(request: FetchRequest[NoOptions]) -> Credential | Anonymous:
            try:
                request.http.get(url, timeout=DEADLINE)
            except OcibrokerError as error:
                errors.append(error)
            request.deadline.left()
            return Anonymous("there is time for something else")

        with raw(script) as server:
            url, begun = f"http://slow.test:{server.port}/", time.monotonic()
            broker = desk.broker(made_rule("registry.test"), offered=[MadeProvider(fetch)])
            broker.access("registry.test/app", deadline=30)
        assert (type(errors[0]), time.monotonic() - begun < GENEROUS) == (DeadlineExceeded, True)

    def test_it_trusts_each_host_by_its_own_entry(self, desk: Desk) -> None:
        private = Authority()
        with answering(OK, private.server_context("sts.test")) as server:
            place = f"sts.test:{server.port}"
            refused = self.get(desk, f"https://{place}/")
            assert isinstance(refused, OcibrokerError)
            ca = private.write(desk.folder / "private")
            assert self.get(desk, f"https://{place}/", f'[[tls]]\nmatch = "{place}"\nca = ["{ca}"]\n') == 200

    @pytest.mark.fault(10)
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_it_follows_no_redirect(self, desk: Desk, authority: Authority, status: int) -> None:
        with answering(OK, authority.server_context("evil.test")) as evil:
            away = CannedResponse(status, {"Location": f"https://evil.test:{evil.port}/"})
            with answering(lambda _: away, authority.server_context("sts.test")) as server:
                refused = self.get(desk, f"https://sts.test:{server.port}/")
            assert (type(refused), evil.requests) == (RedirectRefused, [])

    def test_it_reads_no_environment(self, desk: Desk, authority: Authority) -> None:
        with proxying() as proxy, answering(OK, authority.server_context("sts.test")) as server:
            entry = f'[[tls]]\nmatch = "sts.test:{server.port}"\nproxy = "http://proxy.test:{proxy.port}"\n'
            assert self.get(desk, f"https://sts.test:{server.port}/", entry) == 200
            assert proxy.lines == [f"CONNECT sts.test:{server.port} HTTP/1.1"]

    def test_it_is_closed_with_the_fetch_and_keeps_no_cookie(self, desk: Desk, authority: Authority) -> None:
        clients = []

        def fetch(request: FetchRequest[NoOptions]) -> Credential | Anonymous:
            assert request.http is request.http
            clients.append(request.http)
            request.http.get(url)
            return Anonymous("it is done")

        cookie = CannedResponse(200, {"Set-Cookie": "session=1; Path=/"})
        with answering(lambda _: cookie, authority.server_context("sts.test")) as server:
            url = f"https://sts.test:{server.port}/"
            for _ in range(2):
                desk.broker(made_rule("registry.test"), offered=[MadeProvider(fetch)]).access("registry.test/app")
            assert server.saw("cookie") == []
        assert [client.is_closed for client in clients] == [True, True]

    @pytest.mark.parametrize("scheme", ["http", "https"])
    def test_its_errors_are_typed(self, desk: Desk, authority: Authority, scheme: str) -> None:
        with raw(hanging_up, authority.server_context("sts.test") if scheme == "https" else None) as server:
            place = f"{scheme}://sts.test:{server.port}"
            refused = self.get(desk, f"{place}/")
        assert isinstance(refused, OcibrokerError)
        assert refused.culprit == place

    def test_the_policy_of_a_host_is_there_for_other_libraries(self, desk: Desk, authority: Authority) -> None:
        contexts: list[ssl.SSLContext] = []

        def fetch(request: FetchRequest[NoOptions]) -> Credential | Anonymous:
            contexts.append(request.tls("https://sts.test/path").ssl_context())
            return Anonymous("it is done")

        desk.broker(made_rule("registry.test"), offered=[MadeProvider(fetch)]).access("registry.test/app")
        assert (contexts[0].verify_mode, contexts[0].check_hostname) == (ssl.CERT_REQUIRED, True)
