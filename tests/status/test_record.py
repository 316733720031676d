"""The timeline and the counts, made of events."""

from __future__ import annotations

import tracemalloc

import pytest

from ocibroker import Target
from ocibroker.errors import ConfigurationError, CredentialUnavailable
from ocibroker.events import (
    Administered,
    Answered,
    Audience,
    BreakerClosed,
    BreakerOpened,
    Event,
    Failing,
    Fetched,
    Outcome,
    PeerDenied,
    Recovered,
    Reloaded,
    Report,
    Requested,
    Served,
)
from ocibroker.sidecar.status.record import MOST, Record
from tests.transport.hand_clock import HandClock

APP = Target.parse("registry.test/app")


def failing(failures: int) -> Failing:
    reason = CredentialUnavailable("status 403", culprit="provider made")
    return Failing(target=APP, provider="made", failures=failures, pause=5, valid=False, reason=reason)


def recorded(clock: HandClock, *events: Event) -> Record:
    record = Record(clock)
    for event in events:
        record.observe(event)
        clock.move(1)
    return record


def test_what_changes_is_remembered_the_newest_first(clock: HandClock) -> None:
    record = recorded(
        clock,
        failing(1),
        BreakerOpened(source="provider made", late=3, pause=30),
        BreakerClosed(source="provider made"),
        Recovered(target=APP, provider="made", failures=1),
        Reloaded(generation=1, reason=ConfigurationError("unknown key")),
        Administered(action="evict", peer="127.0.0.1", target=str(APP)),
    )
    names = [change.event for change in record.changes]
    assert names == [
        "admin_action",
        "config_reload",
        "provider_recovered",
        "breaker_closed",
        "breaker_opened",
        "provider_failing",
    ]
    assert record.changes[-1].text == "registry.test/app: provider made: status 403"
    assert all(later.at > earlier.at for later, earlier in zip(record.changes, record.changes[1:], strict=False))


def test_what_goes_on_as_it_was_is_no_change(clock: HandClock) -> None:
    record = recorded(
        clock,
        failing(2),
        Fetched(target=APP, provider="made", trigger="miss", seconds=0.1),
        Requested(provider="made", host="registry.test", seconds=0.1, status=200),
        Served(listener="socket", status=200, seconds=0.1),
    )
    assert record.changes == ()


def test_the_same_again_is_counted(clock: HandClock) -> None:
    event = Administered(action="reload", peer="127.0.0.1")
    (change,) = recorded(clock, event, event, event).changes
    assert change.times == 3


def test_only_the_last_ones_are_kept_and_none_is_long(clock: HandClock) -> None:
    record = Record(clock)
    for number in range(1000):
        record.note("x", f"{number} {'y' * 9000}")
    assert [change.text.split()[0] for change in record.changes] == [str(999 - at) for at in range(MOST)]
    assert max(len(change.text) for change in record.changes) == 1000


def test_callers_are_counted_by_what_they_got_and_by_why_they_were_turned_away(clock: HandClock) -> None:
    record = recorded(
        clock,
        Answered(target=APP, provider="made", outcome="hit", seconds_left=60),
        Answered(target=APP, provider="made", outcome="hit"),
        Answered(target=APP, provider="made", outcome="stale", seconds_left=0),
        PeerDenied(reason="uid"),
    )
    assert (record.answers, record.denied, record.expired) == ({"hit": 2, "stale": 1}, {"uid": 1}, 1)


def test_what_no_caller_asked_for_is_no_answer_to_one_and_is_told_where_it_had_ended(clock: HandClock) -> None:
    record = Record(clock, lambda: False)
    record.keep([APP])
    record.observe(Answered(target=APP, provider="made", outcome="hit", seconds_left=0))
    assert (record.answers, record.served(APP), record.expired) == ({}, {}, 1)


class TestServedLately:
    def answered(self, record: Record, text: str, outcome: Outcome = "hit", times: int = 1) -> None:
        for _ in range(times):
            record.observe(Answered(target=Target.parse(text), provider="made", outcome=outcome))

    def test_a_target_s_callers_are_counted_by_what_they_got(self, clock: HandClock) -> None:
        record = Record(clock)
        record.keep([APP])
        self.answered(record, "registry.test/app", times=3)
        self.answered(record, "registry.test/app", "stale")
        self.answered(record, "registry.test/app", "error")
        assert record.served(APP) == {"hit": 3, "stale": 1, "error": 1}

    @pytest.mark.parametrize(
        ("asked", "counts"),
        [
            ("registry.test/app", {"registry.test/app": 1}),
            ("registry.test/app/deep/inside", {"registry.test/app": 1}),
            ("registry.test/app/team/x", {"registry.test/app/team": 1}),
            ("registry.test/apples", {}),
            ("registry.test", {}),
            ("whole.test/any/thing", {"whole.test": 1}),
            ("whole.test", {"whole.test": 1}),
            ("other.test/app", {}),
        ],
    )
    def test_an_answer_counts_for_the_nearest_target_above_what_was_asked(
        self, clock: HandClock, asked: str, counts: dict[str, int]
    ) -> None:
        record = Record(clock)
        kept = [Target.parse(name) for name in ("registry.test/app", "registry.test/app/team", "whole.test")]
        record.keep(kept)
        self.answered(record, asked)
        assert {str(one): record.served(one)["hit"] for one in kept if record.served(one)} == counts

    def test_after_five_minutes_nobody_speaks_of_it(self, clock: HandClock) -> None:
        record = Record(clock)
        record.keep([APP])
        self.answered(record, "registry.test/app", times=2)
        clock.move(200)
        self.answered(record, "registry.test/app")
        assert record.served(APP) == {"hit": 3}
        clock.move(115)
        assert record.served(APP) == {"hit": 1}
        clock.move(315)
        assert record.served(APP) == {}

    def test_what_callers_ask_for_and_how_long_they_do_takes_no_memory(self, clock: HandClock) -> None:
        record = Record(clock)
        record.keep([APP])
        tracemalloc.start()
        try:
            for number in range(20_000):
                record.observe(
                    Answered(target=Target("registry.test", f"other-{number}"), provider=None, outcome="error")
                )
                record.observe(
                    Answered(target=Target("registry.test", f"app/{number}"), provider="made", outcome="hit")
                )
                clock.move(1)
            grown, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert grown < 64 * 1024

    def test_a_target_that_is_kept_fresh_no_more_is_not_counted(self, clock: HandClock) -> None:
        record = Record(clock)
        record.keep([APP])
        record.keep([Target.parse("other.test")])
        self.answered(record, "registry.test/app")
        assert record.served(APP) == {}


def test_who_joins_an_audience_is_told_of_what_happens_from_then_on() -> None:
    first, second = list[Event](), list[Event]()
    audience = Audience(first.append)
    report = Report(audience)
    report(PeerDenied(reason="uid"))
    audience.join(second.append)
    report(PeerDenied(reason="rate"))
    assert [len(first), len(second)] == [2, 1]
