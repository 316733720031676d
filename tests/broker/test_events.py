"""What a broker tells of its work: to whoever observes, and to the log."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from ocibroker import Bearer, Broker, Secret, Target
from ocibroker.errors import ConnectionFailed, CredentialUnavailable, OcibrokerError
from ocibroker.events import (
    Answered,
    BreakerClosed,
    BreakerOpened,
    Event,
    Failing,
    Fetched,
    Recovered,
    Requested,
)
from ocibroker.provider import Credential, FetchRequest
from ocibroker.testing import Authority, EmbeddedRegistry
from tests.complaints import complaints
from tests.transport.brokers import made_rule, rule
from tests.transport.hand_clock import HandClock
from tests.transport.made_provider import MadeProvider, NoOptions, Plugin

NAME = "registry.test/app"
HOUR = 3600.0


class Told:
    """A broker with one provider, and all that it tells."""

    def __init__(self, folder: Path, roots: Path, clock: HandClock) -> None:
        self.events: list[Event] = []
        self.failure: OcibrokerError | None = None
        self.go = threading.Event()
        self.go.set()
        self.clock = clock
        self.provider = MadeProvider(self.fetch)
        self.path = folder / "config.toml"
        self.path.touch(mode=0o600)
        self.environ = {"SSL_CERT_FILE": str(roots)}

    def broker(self, text: str = made_rule("registry.test")) -> Broker:
        self.path.write_text(text)
        return Broker.from_config(
            self.path,
            environ=self.environ,
            clock=self.clock,
            plugins=[Plugin(self.provider)],
            observe=self.events.append,
        )

    def fetch(self, _: FetchRequest[NoOptions]) -> Credential:
        assert self.go.wait(10)
        if self.failure:
            raise self.failure.restated()
        expires = self.clock.now() + timedelta(seconds=HOUR)
        return Bearer(secret=Secret(f"token-{self.provider.fetched}"), expires_at=expires)

    def outcomes(self) -> list[str]:
        return [event.outcome for event in self.events if isinstance(event, Answered)]

    def triggers(self) -> list[str]:
        return [event.trigger for event in self.events if isinstance(event, Fetched)]


@pytest.fixture
def told(tmp_path: Path, roots: Path, clock: HandClock) -> Told:
    return Told(tmp_path, roots, clock)


@pytest.fixture
def broker(told: Told) -> Iterator[Broker]:
    with told.broker() as made:
        yield made


def ask(broker: Broker, *, fresh: bool = False) -> None:
    with suppress(OcibrokerError):
        broker.access(NAME, fresh=fresh)


class TestAnswers:
    def test_the_first_waits_and_the_next_does_not(self, told: Told, broker: Broker) -> None:
        for _ in range(3):
            ask(broker)
        assert told.outcomes() == ["refreshed", "hit", "hit"]

    def test_the_life_that_is_left_is_told(self, told: Told, broker: Broker, clock: HandClock) -> None:
        ask(broker)
        clock.move(600)
        ask(broker)
        left = [event.seconds_left for event in told.events if isinstance(event, Answered)]
        assert left == [HOUR, HOUR - 600]

    def test_callers_who_wait_together(self, told: Told, broker: Broker) -> None:
        async def together() -> None:
            told.go.clear()
            waiting = [asyncio.create_task(broker.access_async(NAME)) for _ in range(5)]
            await asyncio.sleep(0.2)
            told.go.set()
            await asyncio.gather(*waiting)

        asyncio.run(together())
        assert sorted(told.outcomes()) == ["coalesced"] * 4 + ["refreshed"]

    def test_what_is_still_valid_after_a_failure_is_stale(
        self, told: Told, broker: Broker, clock: HandClock
    ) -> None:
        ask(broker)
        told.failure = ConnectionFailed("broke")
        clock.move(HOUR - 59)
        ask(broker)
        assert told.outcomes() == ["refreshed", "stale"]

    def test_a_failure_and_what_is_told_of_it_later(self, told: Told, broker: Broker) -> None:
        told.failure = CredentialUnavailable("denied")
        for _ in range(3):
            ask(broker)
        assert told.outcomes() == ["error", "negative", "negative"]
        assert {event.error for event in told.events if isinstance(event, Answered)} == {"CredentialUnavailable"}

    def test_anonymous_access_instead(self, told: Told) -> None:
        told.failure = CredentialUnavailable("denied")
        with told.broker(made_rule("registry.test", more="anonymous_fallback = true")) as broker:
            ask(broker)
        assert told.outcomes() == ["fallback"]


class TestFetches:
    def test_why_a_provider_is_asked(self, told: Told, broker: Broker, clock: HandClock) -> None:
        ask(broker)
        ask(broker, fresh=True)
        clock.move(HOUR - 30)
        ask(broker)
        assert told.triggers() == ["miss", "forced", "mandatory"]

    def test_ahead_of_the_end(self, told: Told, broker: Broker, clock: HandClock) -> None:
        ask(broker)
        clock.move(0.8 * HOUR)
        ask(broker)
        broker.upkeep.settle(10)
        assert told.triggers() == ["miss", "advisory"]

    def test_what_came_of_it(self, told: Told, broker: Broker, clock: HandClock) -> None:
        told.failure = CredentialUnavailable("denied")
        ask(broker)
        told.failure = None
        clock.move(10)
        ask(broker)
        failed, well = (event for event in told.events if isinstance(event, Fetched))
        assert (failed.error, failed.expires_at) == ("CredentialUnavailable", None)
        assert (well.error, well.expires_at) == ("", clock.now() + timedelta(seconds=HOUR))

    def test_failing_and_recovered(self, told: Told, broker: Broker, clock: HandClock) -> None:
        told.failure = CredentialUnavailable("denied")
        for _ in range(3):
            ask(broker)
            clock.move(60)
        told.failure = None
        ask(broker)
        assert [event.failures for event in told.events if isinstance(event, Failing)] == [1, 2, 3]
        assert [event.failures for event in told.events if isinstance(event, Recovered)] == [3]


@pytest.mark.fault(28)
def test_a_breaker_that_opens_and_closes_is_told_once(told: Told) -> None:
    hung = {"now": True}

    def fetch(request: FetchRequest[NoOptions]) -> Credential:
        if hung["now"]:
            raise_at_deadline(request)
        return Bearer(secret=Secret("t"))

    told.path.write_text(made_rule("registry.test"))
    with Broker.from_config(
        told.path, environ=told.environ, plugins=[Plugin(MadeProvider(fetch))], observe=told.events.append
    ) as broker:
        for _ in range(6):
            with suppress(OcibrokerError):
                broker.access(NAME, deadline=0.02)
        assert broker.upkeep.silent()
        hung["now"] = False
        broker.access(NAME, fresh=True)
        assert not broker.upkeep.silent()
    changes = [event.name for event in told.events if isinstance(event, BreakerOpened | BreakerClosed)]
    assert changes == ["breaker_opened", "breaker_closed"]


def raise_at_deadline(request: FetchRequest[NoOptions]) -> None:
    while True:
        request.clock.sleep(0.001)
        request.deadline.left()


def test_requests_are_told_with_who_asks(authority: Authority, told: Told) -> None:
    with EmbeddedRegistry(tls=authority.server_context("localhost"), users={"alice": "wonder"}) as registry:
        told.path.write_text(rule(registry.address))
        with (
            Broker.from_config(told.path, environ=told.environ, observe=told.events.append) as broker,
            broker.access(f"{registry.address}/app").client() as http,
        ):
            http.get("/v2/")
    requests = [event for event in told.events if isinstance(event, Requested)]
    assert {(event.host, event.provider) for event in requests} == {("localhost", None)}
    assert [event.status for event in requests] in ([401, 200], [200])


def test_who_observes_and_raises_harms_nobody_and_is_complained_of_once(
    told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    def observe(_: Event) -> None:
        raise SystemExit(7)

    told.path.write_text(made_rule("registry.test"))
    with Broker.from_config(
        told.path, environ=told.environ, plugins=[Plugin(told.provider)], observe=observe
    ) as broker:
        for _ in range(3):
            broker.access(NAME)
    assert complaints(caplog.records) == ["who observes the broker raised SystemExit"]


@pytest.mark.parametrize(
    ("level", "names"),
    [(logging.WARNING, set()), (logging.INFO, {"fetch"}), (logging.DEBUG, {"fetch", "answer"})],
    ids=["warning", "info", "debug"],
)
def test_the_log_has_a_line_for_each(
    told: Told, broker: Broker, caplog: pytest.LogCaptureFixture, level: int, names: set[str]
) -> None:
    caplog.set_level(level, logger="ocibroker")
    ask(broker)
    assert {record.event.name for record in caplog.records} == names  # type: ignore[attr-defined]  # our own
    assert all("token-1" not in message for message in caplog.messages)


def test_lines_are_worded_for_people() -> None:
    target = Target.parse(NAME)
    failing = Failing(
        target=target, provider="made", failures=1, pause=5.0, valid=True, reason=ConnectionFailed("broke")
    )
    lines: dict[Event, str] = {
        Fetched(target=target, provider="made", trigger="miss", seconds=0.25): (
            "registry.test/app: provider made answered in 0.250 s"
        ),
        Fetched(target=target, provider="made", trigger="miss", seconds=0.25, error="TLSFailed"): (
            "registry.test/app: provider made failed in 0.250 s: TLSFailed"
        ),
        Answered(target=target, provider="made", outcome="hit"): "registry.test/app: hit (provider made)",
        Requested(provider="made", host="sts.test", status=200, seconds=0.1): (
            "sts.test: status 200 in 0.100 s (provider made)"
        ),
        Recovered(target=target, provider="made", failures=1): (
            "registry.test/app: provider made answers again, after 1 failure"
        ),
        Recovered(target=target, provider="made", failures=2): (
            "registry.test/app: provider made answers again, after 2 failures"
        ),
        failing: "broke; what it gave before is still valid, and is given out until it expires",
    }
    assert {event: str(event) for event in lines} == lines
    assert [failing.level, msgspec.structs.replace(failing, failures=2).level] == [logging.WARNING, logging.INFO]


def test_a_refresh_that_fails_changes_nothing(told: Told, broker: Broker, clock: HandClock) -> None:
    target = Target.parse(NAME)
    ask(broker)
    told.failure = CredentialUnavailable("denied")
    with pytest.raises(CredentialUnavailable):
        asyncio.run(broker.upkeep.refresh(target))
    stands = broker.upkeep.outlook(target)
    assert (stands.usable, stands.failures) == (True, 0)
    ask(broker)
    assert told.outcomes()[-1] == "hit"
