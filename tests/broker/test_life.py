"""The life of a token: fresh, single, never late; and what a caller gets while its provider is in trouble."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest

from ocibroker import Access, Anonymous, Bearer, Broker, Credential, Secret
from ocibroker.cache.breaker import PATIENCE
from ocibroker.cache.flights import WORKERS
from ocibroker.errors import (
    ConnectionFailed,
    ContractViolation,
    CredentialUnavailable,
    DeadlineExceeded,
    IdentityRefused,
    OcibrokerError,
    UsageError,
)
from ocibroker.provider import FetchRequest, Identity
from ocibroker.target import Target
from tests.complaints import complaints
from tests.settled import settled
from tests.transport.brokers import MODES, Desk, Mode, ask, made_rule
from tests.transport.hand_clock import HandClock
from tests.transport.made_provider import MadeProvider, NoOptions

TARGET = "registry.test/app"
HOURS = 12 * 3600.0
Outcome = Credential | Anonymous | OcibrokerError


class Service:
    """A token service of a test: each call's answer has a number, unless ``failure`` says why there is none."""

    def __init__(self, clock: HandClock, life: float = HOURS) -> None:
        self._clock = clock
        self.life = life
        self.failure: OcibrokerError | None = None
        self.answered = threading.Semaphore(0)
        self.provider = MadeProvider(self.fetch)

    def fetch(self, _: FetchRequest[NoOptions]) -> Credential:
        try:
            if self.failure:
                raise self.failure.restated()
            expires = self._clock.now() + timedelta(seconds=self.life)
            return Bearer(secret=Secret(f"token-{self.provider.fetched}"), expires_at=expires)
        finally:
            self.answered.release()


@pytest.fixture
def service(clock: HandClock) -> Service:
    return Service(clock)


@pytest.fixture
def broker(desk: Desk, clock: HandClock, service: Service) -> Broker:
    return desk.broker(made_rule("registry.test"), offered=[service.provider], clock=clock)


def number(access: Access) -> int:
    """Return which call's answer it is."""
    assert isinstance(access.credential, Bearer)
    return int(access.credential.secret.reveal().rpartition("-")[2])


class TestRenewal:
    def test_ahead_of_its_end_it_is_renewed_while_the_old_one_is_given_out(
        self, broker: Broker, clock: HandClock, service: Service
    ) -> None:
        assert number(broker.access(TARGET)) == 1
        clock.move(0.8 * HOURS)
        assert number(broker.access(TARGET)) == 1
        assert settled(lambda: number(broker.access(TARGET)) == 2)
        assert service.provider.fetched == 2

    @pytest.mark.parametrize("mode", MODES)
    def test_near_its_end_the_caller_waits(self, broker: Broker, clock: HandClock, mode: Mode) -> None:
        ask(broker, mode, TARGET)
        clock.move(HOURS - 60)
        assert number(ask(broker, mode, TARGET)) == 2

    def test_who_wants_more_life_waits_earlier(self, broker: Broker, clock: HandClock) -> None:
        broker.access(TARGET)
        clock.move(0.5 * HOURS - 1)
        assert number(broker.access(TARGET)) == 1
        assert number(broker.access(TARGET, min_ttl=0.5 * HOURS + 1)) == 1  # half of a life is all that there is
        clock.move(1)
        assert number(broker.access(TARGET, min_ttl=0.5 * HOURS)) == 2

    @pytest.mark.parametrize("mode", MODES)
    def test_who_wants_it_fresh_has_it_fetched_whatever_is_remembered(self, broker: Broker, mode: Mode) -> None:
        assert [number(ask(broker, mode, TARGET, fresh=fresh)) for fresh in (False, True, False)] == [1, 2, 2]

    def test_what_a_flight_has_brought_meanwhile_is_not_fetched_again(
        self, broker: Broker, service: Service
    ) -> None:
        broker.access(TARGET)
        asyncio.run(broker.upkeep.renew(Target.parse(TARGET)))  # begins a flight, as who looked too early does
        assert service.provider.fetched == 1

    def test_a_process_that_is_about_to_end_renews_nothing_ahead(
        self, desk: Desk, clock: HandClock, service: Service
    ) -> None:
        broker = desk.broker(made_rule("registry.test"), offered=[service.provider], clock=clock, ahead=False)
        broker.access(TARGET)
        clock.move(HOURS - 61)
        assert number(broker.access(TARGET)) == 1
        assert service.provider.fetched == 1


@pytest.mark.fault(1)
@pytest.mark.acceptance(33)
class TestWhenRenewalFails:
    @pytest.fixture(params=[ConnectionFailed("broke"), CredentialUnavailable("status 403"), ContractViolation("x")])
    def failure(self, request: pytest.FixtureRequest) -> OcibrokerError:
        found: OcibrokerError = request.param
        return found

    def test_what_is_still_valid_is_given_out_until_it_expires_and_never_after(
        self,
        broker: Broker,
        clock: HandClock,
        service: Service,
        failure: OcibrokerError,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        broker.access(TARGET)
        service.failure = failure
        clock.move(HOURS - 59)
        assert number(broker.access(TARGET)) == 1
        clock.move(48)
        assert number(broker.access(TARGET)) == 1
        clock.move(1)
        with pytest.raises(type(failure)):
            broker.access(TARGET)
        told = [
            one for one in complaints(caplog.records) if "is still valid, and is given out until it expires" in one
        ]
        assert len(told) == 1

    def test_an_identity_that_is_refused_for_certain_takes_along_what_it_got(
        self, broker: Broker, clock: HandClock, service: Service
    ) -> None:
        broker.access(TARGET)
        service.failure = IdentityRefused("is disabled")
        clock.move(HOURS - 59)
        with pytest.raises(IdentityRefused, match="is disabled"):
            broker.access(TARGET)

    def test_a_failure_ahead_of_the_end_disturbs_nobody(
        self, broker: Broker, clock: HandClock, service: Service, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.WARNING)
        broker.access(TARGET)
        service.failure = ConnectionFailed("broke")
        clock.move(0.8 * HOURS)
        assert number(broker.access(TARGET)) == 1
        assert settled(lambda: "broke" in caplog.text)
        assert [number(broker.access(TARGET)) for _ in range(100)] == [1] * 100
        assert service.provider.fetched == 2
        service.failure = None
        clock.move(1)
        assert settled(lambda: number(broker.access(TARGET)) == 3)


class TestRefusals:
    """Who has just said no is not asked again at once."""

    @pytest.mark.fault(2)
    @pytest.mark.parametrize("mode", MODES)
    def test_a_failure_is_remembered_for_seconds(
        self, broker: Broker, clock: HandClock, service: Service, mode: Mode
    ) -> None:
        service.failure = CredentialUnavailable("denied", hint="allow it")
        for _ in range(10):
            with pytest.raises(CredentialUnavailable, match=r"denied \(allow it\)"):
                ask(broker, mode, TARGET)
        assert service.provider.fetched == 1
        clock.move(5)
        service.failure = None
        assert number(ask(broker, mode, TARGET)) == 2

    @pytest.mark.fault(4)
    def test_the_more_in_a_row_the_longer(self, broker: Broker, clock: HandClock, service: Service) -> None:
        service.failure = ConnectionFailed("broke")
        for _ in range(600):
            with pytest.raises(ConnectionFailed):
                broker.access(TARGET)
            clock.move(1)
        # Pauses of 1, 2, 4, … 256 and 300 s, each between a half and the whole.
        assert 10 <= service.provider.fetched <= 14

    @pytest.mark.fault(3)
    @pytest.mark.acceptance(32)
    def test_what_the_other_side_asks_for_is_heeded(
        self, broker: Broker, clock: HandClock, service: Service
    ) -> None:
        service.failure = ConnectionFailed("answered 429", retry_after=20)
        for left in (20, 1):
            with pytest.raises(ConnectionFailed) as caught:
                broker.access(TARGET)
            clock.move(19 if left == 20 else 0)
        assert caught.value.retry_after == 1
        assert service.provider.fetched == 1
        clock.move(1)
        with pytest.raises(ConnectionFailed):
            broker.access(TARGET)
        assert service.provider.fetched == 2

    def test_one_identity_s_failure_is_no_other_s(self, desk: Desk, clock: HandClock) -> None:
        who = ["alice"]

        def fetch(_: object) -> Credential:
            if who == ["alice"]:
                raise CredentialUnavailable("denied")
            return Bearer(secret=Secret("b"))

        provider = MadeProvider(fetch, identity=lambda: Identity(tuple(who)))
        broker = desk.broker(made_rule("registry.test"), offered=[provider], clock=clock)
        with pytest.raises(CredentialUnavailable):
            broker.access(TARGET)
        who[:] = ["bob"]
        assert isinstance(broker.access(TARGET).credential, Bearer)

    def test_explain_says_so(self, broker: Broker, clock: HandClock, service: Service) -> None:
        assert broker.explain(TARGET).trouble is None
        service.failure = CredentialUnavailable("denied", retry_after=20)
        with pytest.raises(CredentialUnavailable):
            broker.access(TARGET)
        clock.move(5)
        told = broker.explain(TARGET).trouble
        assert told is not None
        assert "failed 1 times in a row, not asked for 15 s" in told
        assert "denied" in told


class Gate:
    """Calls that hang until they are let go; ``begun`` counts them."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.begun = threading.Semaphore(0)
        self.hangs = True

    def __call__(self, _: FetchRequest[NoOptions]) -> Credential:
        self.begun.release()
        if self.hangs:
            assert self.go.wait(30)
        return Bearer(secret=Secret("late"))


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.go.set()


def give_up(broker: Broker) -> None:
    with suppress(DeadlineExceeded):  # unless another caller's answer is there in time
        broker.access(TARGET, deadline=0.3)


class TestWhoHangs:
    def test_a_call_that_hangs_past_its_deadline_stands_in_nobody_s_way(self, desk: Desk, gate: Gate) -> None:
        broker = desk.broker(made_rule("registry.test"), offered=[MadeProvider(gate)])
        with pytest.raises(DeadlineExceeded):
            broker.access(TARGET, deadline=0.05)
        gate.hangs = False
        assert isinstance(broker.access(TARGET, deadline=5).credential, Bearer)

    @pytest.mark.parametrize("mode", MODES)
    def test_who_has_more_time_outlasts_the_caller_who_began(self, desk: Desk, mode: Mode) -> None:
        began = threading.Event()

        def fetch(request: FetchRequest[NoOptions]) -> Credential:
            began.set()
            if provider.fetched == 1:
                threading.Event().wait(request.deadline.left())
                request.deadline.left()
            return Bearer(secret=Secret("second"))

        provider = MadeProvider(fetch)
        broker = desk.broker(made_rule("registry.test"), offered=[provider])
        hasty = threading.Thread(target=give_up, args=(broker,))
        hasty.start()
        assert began.wait(5)
        assert isinstance(ask(broker, mode, TARGET, deadline=10).credential, Bearer)
        hasty.join()
        assert provider.fetched == 2

    def test_after_so_many_in_a_row_it_is_left_alone_until_one_has_answered(self, desk: Desk, gate: Gate) -> None:
        broker = desk.broker(made_rule("registry.test"), offered=[MadeProvider(gate)])
        for _ in range(PATIENCE):
            with pytest.raises(DeadlineExceeded):
                broker.access(TARGET, deadline=0.05)
        with pytest.raises(CredentialUnavailable, match=f"has not answered in time {PATIENCE} times in a row"):
            broker.access(TARGET)
        assert "left alone" in str(broker.explain(TARGET).trouble)
        gate.go.set()
        assert settled(lambda: broker.explain(TARGET).trouble is None)
        assert isinstance(broker.access(TARGET).credential, Bearer)

    def test_one_provider_s_hung_calls_take_no_worker_of_another(self, desk: Desk, gate: Gate) -> None:
        stuck = MadeProvider(gate, name="stuck", identity=None)
        well = MadeProvider(lambda _: Bearer(secret=Secret("w")), name="well")
        text = made_rule("*.stuck.test", provider="stuck") + made_rule("registry.test", provider="well")
        broker = desk.broker(text, offered=[stuck, well])

        async def many() -> Access:
            waiting = [
                asyncio.create_task(broker.access_async(f"r{at}.stuck.test/app", deadline=20)) for at in range(100)
            ]
            await asyncio.to_thread(gate.begun.acquire)
            found = await broker.access_async(TARGET, deadline=5)
            for one in waiting:
                one.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            return found

        assert asyncio.run(many()).provider == "well"


def test_a_stored_token_is_good_for_who_is_content_with_the_life_that_it_has_left(
    desk: Desk, clock: HandClock, service: Service
) -> None:
    def another() -> Broker:
        """Return the broker of another process."""
        text, runtime = (
            made_rule("registry.test") + '[cache]\nstore = "file"\n',
            {"XDG_RUNTIME_DIR": str(desk.folder)},
        )
        return desk.broker(text, offered=[service.provider], clock=clock, environ=runtime, ahead=False)

    assert number(another().access(TARGET)) == 1
    clock.move(0.9 * HOURS)
    assert number(another().access(TARGET, min_ttl=600)) == 1
    assert number(another().access(TARGET, min_ttl=2 * 3600)) == 2


class TestWhoHangsForLong:
    def test_as_many_hung_calls_as_there_are_workers_keep_nobody_out(self, desk: Desk, gate: Gate) -> None:
        rules = "".join(made_rule(f"*.r{at}.test") for at in range(WORKERS))
        broker = desk.broker(rules, offered=[MadeProvider(gate)])
        for at in range(WORKERS):
            with pytest.raises(DeadlineExceeded):
                broker.access(f"a.r{at}.test/app", deadline=0.02)
        gate.hangs = False
        assert isinstance(broker.access("b.r0.test/app", deadline=5).credential, Bearer)

    def test_a_late_call_is_counted_once(self, desk: Desk, gate: Gate) -> None:
        broker = desk.broker(made_rule("registry.test"), offered=[MadeProvider(gate)])
        for _ in range(PATIENCE - 1):
            with pytest.raises(DeadlineExceeded):
                broker.access(TARGET, deadline=0.05)
        assert broker.explain(TARGET).trouble is None

    def test_a_rule_s_timeout_ends_the_wait_for_who_ignores_it(self, desk: Desk, gate: Gate) -> None:
        broker = desk.broker(made_rule("registry.test", more="timeout = 0.2"), offered=[MadeProvider(gate)])
        began = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            broker.access(TARGET, deadline=20)
        assert time.monotonic() - began < 10


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), "10m", None])
@pytest.mark.parametrize("name", ["min_ttl", "deadline"])
def test_what_is_no_number_of_seconds_is_refused(broker: Broker, name: str, seconds: object) -> None:
    with pytest.raises(UsageError, match="is no number of seconds") as caught:
        broker.access(TARGET, **{name: seconds})  # type: ignore[arg-type]
    assert caught.value.culprit == name


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seconds", [1e300, float("inf")])
def test_any_number_of_seconds_will_do(broker: Broker, mode: Mode, seconds: float) -> None:
    assert number(ask(broker, mode, TARGET, min_ttl=seconds, deadline=seconds)) == 1


@pytest.mark.parametrize("target", [None, 7, ["registry.test"], b"registry.test/app"])
def test_what_is_no_target_is_refused(broker: Broker, target: object) -> None:
    with pytest.raises(UsageError, match="is no target"):
        broker.access(target)  # type: ignore[arg-type]
