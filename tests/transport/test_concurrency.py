"""Many threads, many tasks, many event loops: one fetch each, and nobody harms a neighbour."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from ocibroker import Access, Anonymous, Basic, Broker, Credential, Secret
from ocibroker.errors import CredentialUnavailable, DeadlineExceeded, OcibrokerError
from ocibroker.provider import FetchRequest
from ocibroker.testing import Authority, CannedResponse, EmbeddedRegistry
from tests.complaints import complaints
from tests.transport.answering_server import AnsweringServer, answering
from tests.transport.brokers import MODES, Desk, Mode, ask, exchange, made_rule, rule
from tests.transport.made_provider import MadeProvider, NoOptions

TARGET = "registry.test/app"
ALICE = Basic(username="alice", secret=Secret("wonder"))


class Gate:
    """A fetch that waits until it is let go."""

    def __init__(self, outcome: Callable[[], Credential | Anonymous] = lambda: ALICE) -> None:
        self.begun = threading.Event()
        self.go = threading.Event()
        self._outcome = outcome

    def __call__(self, _: FetchRequest[NoOptions]) -> Credential | Anonymous:
        self.begun.set()
        assert self.go.wait(10)
        return self._outcome()


def failing() -> Credential:
    raise CredentialUnavailable("the profile has expired")


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.go.set()


def workers_ended() -> None:
    """Wait for the broker's workers, whose last acts come after those who wait have their answers."""
    for thread in threading.enumerate():
        if thread.name.startswith("ocibroker-"):
            thread.join(10)
            assert not thread.is_alive()


def gated(desk: Desk, gate: Gate) -> tuple[Broker, MadeProvider]:
    provider = MadeProvider(gate)
    return desk.broker(made_rule("registry.test"), offered=[provider]), provider


@pytest.mark.acceptance(31)
def test_a_hundred_threads_cause_one_fetch(desk: Desk, gate: Gate) -> None:
    broker, provider = gated(desk, gate)
    with ThreadPoolExecutor(100) as threads:
        asked = [threads.submit(broker.access, TARGET) for _ in range(100)]
        assert gate.begun.wait(10)
        gate.go.set()
        assert {one.result(10).credential == ALICE for one in asked} == {True}
    assert provider.fetched == 1


@pytest.mark.acceptance(31)
@pytest.mark.fault(36)
@pytest.mark.parametrize("count", [100, 10_000])
def test_many_tasks_cause_one_fetch_and_the_first_that_is_cancelled_harms_nobody(
    desk: Desk, gate: Gate, count: int
) -> None:
    broker, provider = gated(desk, gate)

    async def many() -> list[object]:
        tasks = [asyncio.create_task(broker.access_async(TARGET)) for _ in range(count)]
        await asyncio.to_thread(gate.begun.wait, 10)
        tasks[0].cancel()
        await asyncio.wait(tasks[:1])
        gate.go.set()
        return list(await asyncio.gather(*tasks, return_exceptions=True))

    first, *others = asyncio.run(many())
    assert isinstance(first, asyncio.CancelledError)
    assert {isinstance(one, Access) and one.credential == ALICE for one in others} == {True}
    assert provider.fetched == 1


@pytest.mark.fault(44)
@pytest.mark.acceptance(31)
def test_threads_and_event_loops_share_a_fetch(desk: Desk, gate: Gate) -> None:
    broker, provider = gated(desk, gate)
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(ask, broker, MODES[at % 2], TARGET) for at in range(8)]
        assert gate.begun.wait(10)
        gate.go.set()
        assert {one.result(10).credential == ALICE for one in asked} == {True}
    assert provider.fetched == 1


@pytest.mark.acceptance(31)
def test_who_gives_up_waiting_harms_nobody(desk: Desk, gate: Gate) -> None:
    broker, provider = gated(desk, gate)
    with ThreadPoolExecutor(1) as threads:
        patient = threads.submit(broker.access, TARGET)
        with pytest.raises(DeadlineExceeded):
            broker.access(TARGET, deadline=0.05)
        gate.go.set()
        assert patient.result(10).credential == ALICE
    assert provider.fetched == 1


@pytest.mark.parametrize("outcome", [lambda: ALICE, failing], ids=["succeeds", "fails"])
def test_a_fetch_that_ends_after_its_only_waiter_was_cancelled_says_nothing(
    desk: Desk, caplog: pytest.LogCaptureFixture, outcome: Callable[[], Credential]
) -> None:
    gate = Gate(outcome)
    broker, _ = gated(desk, gate)

    async def cancelled() -> None:
        task = asyncio.create_task(broker.access_async(TARGET))
        await asyncio.to_thread(gate.begun.wait, 10)
        task.cancel()
        await asyncio.wait([task])
        gate.go.set()
        await asyncio.to_thread(workers_ended)
        await asyncio.sleep(0)

    asyncio.run(cancelled())
    gc.collect()
    assert complaints(caplog.records) == []


@pytest.mark.parametrize("outcome", [lambda: ALICE, failing], ids=["succeeds", "fails"])
def test_a_fetch_that_ends_after_its_waiters_event_loop_says_nothing(
    desk: Desk, caplog: pytest.LogCaptureFixture, outcome: Callable[[], Credential]
) -> None:
    gate = Gate(outcome)
    broker, _ = gated(desk, gate)
    with pytest.raises(DeadlineExceeded):
        asyncio.run(broker.access_async(TARGET, deadline=0.05))
    gate.go.set()
    workers_ended()
    gc.collect()
    assert complaints(caplog.records) == []


class OwnError(CredentialUnavailable):
    """A plugin's own, made in another way than ours."""

    def __init__(self) -> None:
        super().__init__("the profile has expired")


class Odd(BaseException):
    """Neither an Exception nor one of Python's."""


def _recursion() -> Credential:
    return _recursion()


def _raiser(error: BaseException) -> Callable[[], Credential]:
    def fail() -> Credential:
        raise error

    return fail


KINDS = [
    *(
        pytest.param(_raiser(error), id=type(error).__name__)
        for error in (
            ValueError("x"),
            SystemExit(1),
            KeyboardInterrupt(),
            GeneratorExit(),
            StopIteration(7),
            StopAsyncIteration(),
            asyncio.CancelledError(),
            TimeoutError(),
            MemoryError(),
            ExceptionGroup("x", [ValueError("x")]),
            Odd(),
            OwnError(),
            httpx.ReadError("x"),
        )
    ),
    pytest.param(_recursion, id="RecursionError"),
    pytest.param(failing, id="CredentialUnavailable"),
]


@pytest.mark.acceptance(15)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("fail", KINDS)
def test_one_of_eight_that_fails_leaves_seven(desk: Desk, fail: Callable[[], Credential], mode: Mode) -> None:
    together = threading.Barrier(8)

    def fetch(request: FetchRequest[NoOptions]) -> Credential | Anonymous:
        together.wait(10)
        return fail() if request.target.host == "r3.test" else ALICE

    broker = desk.broker(made_rule("*.test"), offered=[MadeProvider(fetch)])
    outcomes = _eight(broker, mode)
    failed = outcomes.pop(3)
    assert isinstance(failed, CredentialUnavailable)
    assert failed.culprit == "provider made"
    assert {isinstance(one, Access) and one.credential == ALICE for one in outcomes} == {True}


def _eight(broker: Broker, mode: Mode) -> list[Access | BaseException]:
    hosts = [f"r{at}.test/app" for at in range(8)]

    async def in_loop() -> list[Access | BaseException]:
        asked = (broker.access_async(host, deadline=10) for host in hosts)
        return await asyncio.gather(*asked, return_exceptions=True)

    def one(host: str) -> Access | BaseException:
        try:
            return broker.access(host, deadline=10)
        except OcibrokerError as error:
            return error

    if mode == "async":
        return asyncio.run(in_loop())
    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(one, hosts))


@pytest.fixture
def registry(authority: Authority) -> Iterator[EmbeddedRegistry]:
    tls = authority.server_context("registry.test")
    with EmbeddedRegistry(tls=tls, users={"alice": "wonder"}, auth="token", host="registry.test") as running:
        running.push("app", "1", b"{}", "application/vnd.oci.image.manifest.v1+json")
        yield running


@pytest.fixture
def large(authority: Authority) -> Iterator[AnsweringServer]:
    with answering(
        lambda _: CannedResponse(200, {}, 500_000 * b"x"), authority.server_context("registry.test")
    ) as running:
        yield running


TAGS = "/v2/app/tags/list"


def test_one_access_serves_event_loop_after_event_loop(desk: Desk, registry: EmbeddedRegistry) -> None:
    access = desk.broker(rule(registry.address)).access(f"{registry.address}/app")
    assert [exchange(access, "async", "GET", TAGS).status_code for _ in range(3)] == [200] * 3
    gc.collect()


@pytest.mark.fault(44)
def test_one_access_serves_several_event_loops_at_once(desk: Desk, registry: EmbeddedRegistry) -> None:
    access = desk.broker(rule(registry.address)).access(f"{registry.address}/app")
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(exchange, access, MODES[at % 2], "GET", TAGS) for at in range(16)]
        assert {one.result(10).status_code for one in asked} == {200}
    gc.collect()


def test_a_client_that_is_closed_leaves_its_neighbours_answer_alone(desk: Desk, large: AnsweringServer) -> None:
    access = desk.broker().access(f"registry.test:{large.port}/app")

    async def both() -> int:
        async with access.async_client() as reading, reading.stream("GET", "/v2/") as answer:
            parts: AsyncIterator[bytes] = answer.aiter_bytes()
            size = len(await anext(parts))
            async with access.async_client() as other:
                await other.get("/v2/")
            return size + sum([len(part) async for part in parts])

    assert asyncio.run(both()) == 500_000
    gc.collect()


def test_a_closed_client_can_be_followed_by_another_in_the_same_loop(
    desk: Desk, registry: EmbeddedRegistry
) -> None:
    access = desk.broker(rule(registry.address)).access(f"{registry.address}/app")

    async def twice() -> list[int]:
        statuses = []
        for _ in range(2):
            async with access.async_client() as http:
                statuses.append((await http.get(TAGS)).status_code)
        return statuses

    assert asyncio.run(twice()) == [200, 200]
    gc.collect()


@pytest.mark.fault(45)
def test_a_request_that_is_cancelled_gives_its_connection_back(desk: Desk, authority: Authority) -> None:
    begun, go = threading.Event(), threading.Event()

    def slow(_: object) -> CannedResponse:
        begun.set()
        go.wait(10)
        return CannedResponse()

    async def cancelled() -> None:
        async with access.async_client() as http:
            task = asyncio.create_task(http.get("/slow"))
            await asyncio.to_thread(begun.wait, 10)
            task.cancel()
            await asyncio.wait([task])

    with answering(slow, authority.server_context("registry.test")) as server:
        access = desk.broker().access(f"registry.test:{server.port}/app")
        asyncio.run(cancelled())
        go.set()
    gc.collect()


def test_an_answer_that_nobody_reads_can_be_left(desk: Desk, large: AnsweringServer) -> None:
    access = desk.broker().access(f"registry.test:{large.port}/app")
    with access.client() as http:
        for _ in range(3):
            with http.stream("GET", "/v2/") as answer:
                assert answer.status_code == 200
    gc.collect()


def test_threads_share_a_client(desk: Desk, registry: EmbeddedRegistry) -> None:
    access = desk.broker(rule(registry.address)).access(f"{registry.address}/app")
    with access.client() as http, ThreadPoolExecutor(16) as threads:
        assert {one.status_code for one in threads.map(lambda _: http.get(TAGS), range(64))} == {200}


@pytest.mark.parametrize("mode", MODES)
def test_closing_a_broker_leaves_an_answer_that_is_being_read(
    desk: Desk, large: AnsweringServer, mode: Mode
) -> None:
    broker = desk.broker()
    access = broker.access(f"registry.test:{large.port}/app")

    async def in_loop() -> int:
        async with access.async_client() as http, http.stream("GET", "/v2/") as answer:
            broker.close()
            return sum([len(part) async for part in answer.aiter_bytes()])

    if mode == "async":
        assert asyncio.run(in_loop()) == 500_000
    else:
        with access.client() as http, http.stream("GET", "/v2/") as answer:
            broker.close()
            assert sum(map(len, answer.iter_bytes())) == 500_000
    gc.collect()


@pytest.mark.fault(36)
def test_ten_thousand_tasks_share_one_failure(desk: Desk) -> None:
    gate = Gate(failing)
    broker, provider = gated(desk, gate)

    async def many() -> list[object]:
        tasks = [asyncio.create_task(broker.access_async(TARGET)) for _ in range(10_000)]
        await asyncio.to_thread(gate.begun.wait, 10)
        gate.go.set()
        return list(await asyncio.gather(*tasks, return_exceptions=True))

    assert {type(one) for one in asyncio.run(many())} == {CredentialUnavailable}
    assert provider.fetched == 1
