"""A promise that was not kept is told: else a soak in which all are kept would show nothing."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.soak.evidence import Issued
from tests.soak.made import DOOMED, HOST, LIFE, TOKEN, asked, evidence, span
from tests.soak.objectives import objectives
from tests.soak.shift import Run
from tests.soak.verdict import Judge, Verdict
from tests.soak.vitals import Look, Vitals
from tests.soak.weather import Call

ISSUED = {TOKEN: Issued("user/key0", 10.0, 10.0 + LIFE)}
OF_THE_DOOMED = {TOKEN: Issued("user/doomed", 10.0, 10.0 + LIFE)}
RENEWED = {TOKEN: Issued("user/doomed", 28.0, 28.0 + LIFE)}
FAILED = asked(12.0, status=502)


def test_of_a_run_without_a_flaw_all_are_kept() -> None:
    assert [one for one in objectives(evidence()) if not one.met] == []


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ({"asked": [asked(10.0), asked(50.0)]}, "expired tokens served, by the service"),
        ({"expired": 1.0}, "by the sidecar's own count"),
        ({"asked": [asked(10.0), FAILED]}, "success while a token has life left"),
        ({"visits": [FAILED]}, "success while a token has life left"),
        ({"runs": [Run("helm pull", 11.0, 12.0, "denied")]}, "runs of real clients"),
        ({"calls": []}, "by the reference model"),
        ({"asked": [asked(at, 0.006) for at in (10.0, 11.0, 12.0)]}, "99th percentile"),
        ({"calls": [Call(at, "user/key0", 200) for at in (10.0, 29.0)]}, "that the model does not make"),
        ({"counted": (2, 1)}, "tokens issued for each"),
        ({"stopped": 6.5}, "the end after `SIGTERM`"),
        ({"leaks": ["log: raw"]}, "secrets in log"),
    ],
)
def test_one_that_is_broken_is_told(said: Mapping[str, object], what: str) -> None:
    broken = [one.what for one in objectives(evidence(**said)) if not one.met]
    assert [one for one in broken if what in one], broken


@pytest.mark.parametrize("kind", ["files", "threads", "memory"])
def test_growth_is_told_and_a_peak_is_none(kind: str) -> None:
    def looks(last: float) -> list[Look]:
        held = [10.0] * 30 + [200.0] + [10.0] * 9 + [last] * 20
        return [
            Look(at, 7, Vitals(**{"files": 1, "threads": 1, "memory": 1, kind: one})) for at, one in enumerate(held)
        ]

    grown = [
        [one.met for one in objectives(evidence(looks=looks(last))) if "growth" in one.what] for last in (10, 30)
    ]
    assert [sum(one) for one in grown] == [3, 2]


def test_a_failure_while_a_configuration_is_read_is_told() -> None:
    spans = [*evidence().spans, span("the configuration is wrong", 11.5, 13.0)]
    (found,) = (
        one for one in objectives(evidence(asked=[asked(10.0), FAILED], spans=spans)) if "read anew" in one.what
    )
    assert not found.met


@pytest.mark.parametrize(
    ("one", "said", "verdict"),
    [
        (asked(12.0), {}, Verdict.SERVED),
        (asked(12.0, status=502), {}, Verdict.FAILED),
        (asked(12.0, status=0), {}, Verdict.FAILED),
        (asked(49.0, status=502), {}, Verdict.OUTLIVED),
        (asked(9.0, status=502), {}, Verdict.OUTLIVED),
        (asked(12.0, status=502), {"began": 11.0}, Verdict.OUTLIVED),
        (asked(3.5, status=0), {}, Verdict.ABSENT),
        (asked(4.5, status=0), {"issued": {TOKEN: Issued("user/key0", 4.2, 44.0)}}, Verdict.FAILED),
        (asked(21.0, host=DOOMED, status=502), {}, Verdict.REFUSED),
        (asked(27.0, host=DOOMED, status=502), {"issued": OF_THE_DOOMED}, Verdict.REFUSED),
        (asked(29.0, host=DOOMED, status=502), {"issued": RENEWED}, Verdict.FAILED),
        (asked(21.0, host=DOOMED), {"calls": [Call(20.1, "user/doomed", 400)]}, Verdict.REVOKED),
        (asked(20.3, host=DOOMED), {"calls": [Call(20.1, "user/doomed", 400)]}, Verdict.SERVED),
        (asked(21.0, host=HOST), {"calls": [Call(20.1, "user/doomed", 400)]}, Verdict.SERVED),
    ],
)
def test_an_answer_is_judged_by_what_was_issued(one: object, said: Mapping[str, object], verdict: Verdict) -> None:
    assert Judge(evidence(**said)).verdict(one) is verdict  # type: ignore[arg-type]
