"""What is sent once more, when, and how often: by a registry's client, and by a provider's own calls."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import chain, repeat

import httpx
import pytest

from ocibroker import Access, Basic, Broker, Secret
from ocibroker.errors import ConnectionFailed, OcibrokerError
from ocibroker.provider import FetchRequest
from ocibroker.testing import Authority, CannedResponse
from ocibroker.testing.request import Request
from ocibroker.transport import ONCE, asked_pause
from ocibroker.transport.retry import ATTEMPTS
from tests.transport.answering_server import answering
from tests.transport.brokers import MODES, Desk, Mode, exchange, made_rule
from tests.transport.hand_clock import HandClock
from tests.transport.made_provider import MadeProvider, NoOptions, giving
from tests.transport.raw_server import RawServer, raw

HOST = "registry.test"
TAGS = "/v2/app/tags/list"
IN_NEED = (429, 500, 502, 503, 504)
ALICE = Basic(username="alice", secret=Secret("wonder"))
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SERVED = format_datetime(NOW, usegmt=True)


class Patient:
    """Answers with those statuses one after the other, and then with 200."""

    def __init__(self, *statuses: int, retry_after: str = "") -> None:
        self._statuses = chain(statuses, repeat(200))
        self._headers = {"Retry-After": retry_after} if retry_after else {}

    def __call__(self, _: Request) -> CannedResponse:
        status = next(self._statuses)
        return CannedResponse(status, self._headers if status in IN_NEED else {}, b"body")


@pytest.fixture
def access(desk: Desk, clock: HandClock) -> Access:
    broker = desk.broker(made_rule(HOST), offered=[giving(ALICE)], clock=clock)
    return broker.access(f"{HOST}/app")


class TestRegistry:
    @pytest.mark.acceptance(32)
    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("status", IN_NEED)
    def test_a_server_in_need_is_asked_again(
        self, desk: Desk, authority: Authority, access: Access, mode: Mode, status: int
    ) -> None:
        patient = Patient(status, status, retry_after="0")
        with answering(patient, authority.server_context(HOST)) as server:
            desk.ports[(HOST, 443)] = server.port
            assert exchange(access, mode, "GET", TAGS).status_code == 200
            assert len(server.requests) == 3

    def test_after_so_many_attempts_its_answer_is_the_answer(
        self, desk: Desk, authority: Authority, access: Access
    ) -> None:
        with answering(Patient(*[503] * 9), authority.server_context(HOST)) as server:
            desk.ports[(HOST, 443)] = server.port
            found = exchange(access, "sync", "GET", TAGS)
            assert (found.status_code, found.content, len(server.requests)) == (503, b"body", ATTEMPTS)

    @pytest.mark.acceptance(32)
    @pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 410, 418, 501])
    def test_no_other_answer_is_asked_for_twice(
        self, desk: Desk, authority: Authority, access: Access, status: int
    ) -> None:
        with answering(Patient(*[status] * 9), authority.server_context(HOST)) as server:
            desk.ports[(HOST, 443)] = server.port
            assert exchange(access, "sync", "GET", TAGS).status_code == status
            assert len(server.requests) == 1

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
    def test_what_changes_something_is_sent_once(
        self, desk: Desk, authority: Authority, access: Access, method: str
    ) -> None:
        with answering(Patient(503, 503), authority.server_context(HOST)) as server:
            desk.ports[(HOST, 443)] = server.port
            assert exchange(access, "sync", method, TAGS).status_code == 503
            assert len(server.requests) == 1

    def test_who_repeats_it_himself_says_so(self, desk: Desk, authority: Authority, access: Access) -> None:
        with answering(Patient(503, 503), authority.server_context(HOST)) as server:
            desk.ports[(HOST, 443)] = server.port
            assert exchange(access, "sync", "GET", TAGS, extensions={ONCE: True}).status_code == 503
            assert len(server.requests) == 1

    @pytest.mark.acceptance(32)
    @pytest.mark.parametrize(("said", "outcome"), [("20", (20, 200)), ("29", (29, 200)), ("31", (0, 429))])
    def test_it_comes_back_when_it_was_told_to_unless_that_is_too_long(
        self,
        desk: Desk,
        authority: Authority,
        access: Access,
        clock: HandClock,
        said: str,
        outcome: tuple[int, int],
    ) -> None:
        before = clock.monotonic()
        with answering(Patient(429, retry_after=said), authority.server_context(HOST)) as server:
            desk.ports[(HOST, 443)] = server.port
            answer = exchange(access, "sync", "GET", TAGS)
        assert (clock.monotonic() - before, answer.status_code) == outcome

    @pytest.mark.fault(5, 12)
    @pytest.mark.parametrize("mode", MODES)
    def test_a_connection_that_breaks_before_an_answer_is_made_again(
        self, desk: Desk, authority: Authority, access: Access, mode: Mode
    ) -> None:
        def script(connection: socket.socket, server: RawServer) -> None:
            server.read(connection)
            if server.connections == 3:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        with raw(script, authority.server_context(HOST)) as server:
            desk.ports[(HOST, 443)] = server.port
            assert exchange(access, mode, "GET", TAGS).status_code == 200
            assert server.connections == 3

    def test_a_certificate_that_is_not_trusted_is_not_tried_again(self, desk: Desk, access: Access) -> None:
        with answering(Patient(), Authority().server_context(HOST)) as server:
            desk.ports[(HOST, 443)] = server.port
            with pytest.raises(OcibrokerError):
                exchange(access, "sync", "GET", TAGS)
            assert server.requests == []


class TestProvider:
    """A provider's own calls are all sent again, a POST too: a token is asked for, and nothing is changed."""

    def broker(self, desk: Desk, clock: HandClock, **settings: float) -> tuple[Broker, MadeProvider]:
        def fetch(request: FetchRequest[NoOptions]) -> Basic:
            answer = request.http.post(f"https://{HOST}/token", content=b"grant", **settings)  # type: ignore[arg-type]
            if answer.status_code != 200:
                raise ConnectionFailed(f"answered {answer.status_code}", culprit=HOST)
            return ALICE

        provider = MadeProvider(fetch)
        return desk.broker(made_rule("charts.test"), offered=[provider], clock=clock), provider

    @pytest.mark.fault(4)
    @pytest.mark.parametrize("status", IN_NEED)
    def test_a_server_in_need_is_asked_again_with_the_same_body(
        self, desk: Desk, authority: Authority, clock: HandClock, status: int
    ) -> None:
        broker, _ = self.broker(desk, clock)
        with answering(Patient(status, status), authority.server_context(HOST)) as server:
            desk.ports[(HOST, 443)] = server.port
            broker.access("charts.test/app")
            assert [one.body for one in server.requests] == [b"grant"] * 3

    def test_a_request_with_a_timeout_of_its_own_is_sent_once(
        self, desk: Desk, authority: Authority, clock: HandClock
    ) -> None:
        broker, _ = self.broker(desk, clock, timeout=5.0)
        with answering(Patient(503), authority.server_context(HOST)) as server:
            desk.ports[(HOST, 443)] = server.port
            with pytest.raises(ConnectionFailed, match="answered 503"):
                broker.access("charts.test/app")
            assert len(server.requests) == 1

    @pytest.mark.fault(3)
    @pytest.mark.acceptance(32)
    def test_where_the_deadline_comes_first_nobody_waits_and_nobody_asks_before_the_time(
        self, desk: Desk, authority: Authority, clock: HandClock
    ) -> None:
        broker, provider = self.broker(desk, clock)
        with answering(Patient(429, retry_after="120"), authority.server_context(HOST)) as server:
            desk.ports[(HOST, 443)] = server.port
            for _ in range(3):
                with pytest.raises(ConnectionFailed) as caught:
                    broker.access("charts.test/app", deadline=30)
                clock.move(39)
            assert (caught.value.retry_after, len(server.requests)) == (42, 1)
            clock.move(3)
            broker.access("charts.test/app")
            assert (provider.fetched, len(server.requests)) == (2, 2)


@pytest.mark.fault(3)
@pytest.mark.parametrize(
    ("said", "pause"),
    [
        ("0", 0),
        ("20", 20),
        (" 20 ", 20),
        ("3600", 3600),
        (format_datetime(NOW + timedelta(seconds=20), usegmt=True), 20),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("٢٠", None),
        ("99999999999", None),
        ("Fri, 99 Foo 99999999999999999999 00:00:00 GMT", None),
    ],
)
def test_what_retry_after_says(said: str, pause: float | None) -> None:
    headers = {"Retry-After": said.encode(), "Date": SERVED}
    assert asked_pause(httpx.Response(429, headers=headers)) == pause  # type: ignore[arg-type]


def test_of_another_answer_it_says_nothing() -> None:
    assert asked_pause(httpx.Response(301, headers={"Retry-After": "20"})) is None


def test_a_moment_without_a_date_to_count_from_says_nothing() -> None:
    assert asked_pause(httpx.Response(429, headers={"Retry-After": SERVED})) is None
