"""Where memory runs out, that request fails, and what is counted stays right."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ocibroker import Anonymous, Broker
from ocibroker.cache.flights import WORKERS
from ocibroker.errors import ContractViolation
from ocibroker.provider import FetchRequest, Identity
from tests.transport.brokers import MODES, Desk, Mode, ask, made_rule
from tests.transport.made_provider import MadeProvider, NoOptions

pytestmark = pytest.mark.fault(46)

GOOD = Anonymous("it is simulated")


def broker_of(desk: Desk, provider: MadeProvider) -> Broker:
    return desk.broker(made_rule("*.test"), offered=[provider])


@pytest.mark.parametrize("mode", MODES)
def test_in_a_fetch_it_is_an_error_of_that_request_and_no_worker_is_lost(desk: Desk, mode: Mode) -> None:
    """As many fail as there are workers, thrice; then as many are at work at the same time as ever."""
    together = threading.Barrier(WORKERS, timeout=20)

    def fetch(request: FetchRequest[NoOptions]) -> Anonymous:
        if request.target.host.startswith("poor"):
            raise MemoryError
        together.wait()
        return GOOD

    broker = broker_of(desk, MadeProvider(fetch))
    for number in range(3 * WORKERS):
        with pytest.raises(ContractViolation, match="provider made: raised MemoryError"):
            ask(broker, mode, f"poor{number}.test/app")
    with ThreadPoolExecutor(WORKERS) as pool:
        found = pool.map(lambda number: broker.access(f"rich{number}.test/app").credential, range(WORKERS))
        assert [*found] == [GOOD] * WORKERS


def test_in_an_identity_its_caller_gets_it_and_the_next_is_served(desk: Desk) -> None:
    failures = [MemoryError()]

    def identity() -> Identity:
        if failures:
            raise failures.pop()
        return Identity(("everybody",))

    broker = broker_of(desk, MadeProvider(lambda _: GOOD, identity=identity))
    with pytest.raises(MemoryError):
        broker.access("registry.test/app")
    assert broker.access("registry.test/app").credential == GOOD


def test_who_waits_for_the_same_gets_the_same_error(desk: Desk) -> None:
    begun, ended = threading.Event(), threading.Event()

    def fetch(_: FetchRequest[NoOptions]) -> Anonymous:
        begun.set()
        ended.wait(20)
        raise MemoryError

    provider = MadeProvider(fetch)
    broker = broker_of(desk, provider)

    def outcome() -> str:
        with pytest.raises(ContractViolation) as caught:
            broker.access("registry.test/app")
        return caught.value.message

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(outcome)
        begun.wait(20)
        second = pool.submit(outcome)
        ended.set()
        assert {first.result(20), second.result(20)} <= {"raised MemoryError"}
    assert provider.fetched == 1
