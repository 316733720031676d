"""The verdict in words, with its reason and what to do."""

from __future__ import annotations

import pytest

from ocibroker import Target
from ocibroker.errors import ConfigurationError, CredentialUnavailable, ProviderUnavailable
from ocibroker.sidecar.status.course import Course
from ocibroker.sidecar.status.judgement import Facts, Judgement, judge
from ocibroker.sidecar.status.record import Record
from tests.transport.hand_clock import HandClock

APP = Target.parse("registry.test/app")
REFUSED = CredentialUnavailable("status 403", culprit="provider made", hint="allow it")
UNKNOWN = "registry.test/app: no rule and no provider knows it, and there is no login for it"
WRONG = ConfigurationError("unknown key", culprit="config.toml:3", hint="did you mean provider?")


def facts(word: str = "ready", **more: object) -> Facts:
    return Facts(word=word, states=more.pop("states", {}), **more)  # type: ignore[arg-type]  # as given


@pytest.mark.parametrize(
    ("given", "standing", "reason", "cure"),
    [
        (facts(), "ok", "callers are served; nothing is kept fresh", ""),
        (facts(states={"fresh": 1}), "ok", "1 target can be given out", ""),
        (facts(states={"fresh": 3, "due": 1, "static": 1, "anonymous": 1}), "ok", "6 targets can be given out", ""),
        (facts("starting"), "down", "the process does not serve yet", "wait for the end of its start"),
        (facts("draining"), "down", "the process is about to end", "start it again if nobody does"),
        (
            facts("drained", states={"fresh": 1}),
            "down",
            "somebody has had it drained: who comes is served, and nobody should come",
            "have it resume when callers should come again: POST /v1/admin/resume",
        ),
        (
            facts("no credential yet", states={"waiting": 2}, worst=(APP, "waiting", None)),
            "down",
            "2 targets of 2 have no credential yet",
            "wait a few seconds; each first fetch begins within five",
        ),
        (
            facts("no credential yet", states={"failing": 1}, worst=(APP, "failing", REFUSED)),
            "down",
            "1 target of 1 has no credential; registry.test/app: provider made: status 403",
            "allow it",
        ),
        (
            facts(states={"nobody": 1, "fresh": 1}, worst=(APP, "nobody", None)),
            "degraded",
            f"1 target of 2 has no credential; {UNKNOWN}",
            "correct the name in prefetch, or write a [[registry]] rule for it",
        ),
        (
            facts(states={"stale": 2}, worst=(APP, "stale", REFUSED)),
            "degraded",
            "2 targets cannot be renewed, and still have a valid credential",
            "allow it",
        ),
        (
            facts(refused=WRONG),
            "degraded",
            "the configuration that was read last is wrong, and the old one serves: config.toml:3: unknown key",
            "did you mean provider?",
        ),
        (facts(silent=("provider made",)), "degraded", "provider made does not answer in time", "look at what it"),
        (
            facts(broken=(ProviderUnavailable("cannot be imported", culprit="plugin x", hint="mend it"),)),
            "degraded",
            "plugin x: cannot be imported",
            "mend it",
        ),
        (facts(expired=1), "degraded", "1 credentials were given out after their end", "report it"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 30 else "",
)
def test_the_verdict(given: Facts, standing: str, reason: str, cure: str) -> None:
    said = judge(given)
    assert (said.standing, said.reason) == (standing, reason)
    assert said.cure.startswith(cure)
    assert bool(said.cure) == (standing != "ok")


def test_the_worst_comes_first_and_says_how_many_others_there_are() -> None:
    said = judge(facts("draining", refused=WRONG, silent=("provider made",)))
    assert said.standing == "down"
    assert said.reason.startswith("the process is about to end (and 2 more: the configuration")


def test_since_when_changes_with_the_word_and_not_with_its_reason(clock: HandClock) -> None:
    now = [Judgement("ok", "well")]
    record = Record(clock)
    course = Course(lambda: now[0], record, clock)
    began = course.verdict().since
    clock.move(60)
    assert course.verdict().since == began
    now[0] = Judgement("degraded", "one")
    turned = course.verdict().since
    assert (turned - began).total_seconds() == 60
    clock.move(60)
    now[0] = Judgement("degraded", "another")
    said = course.verdict()
    assert (said.since, said.reason) == (turned, "another")
    assert [change.text for change in record.changes] == ["degraded: one", "ok: well"]
