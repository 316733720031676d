"""Each broken world ends with the right step and the right cure, shows what can be learnt, and never the secret."""

from __future__ import annotations

import re
import stat

import pytest

from tests.doctor import local_worlds, registry_worlds, tls_worlds
from tests.doctor.case import Case
from tests.doctor.house import House, report_of, unpacked

CASES = {**local_worlds.CASES, **tls_worlds.CASES, **registry_worlds.CASES}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_program_is_told_the_right_step_and_cure_and_all_that_is_in_order(house: House, case: Case) -> None:
    with case.world(house) as visit:
        outcome = house.run(visit, "--json")
    report = report_of(outcome)
    found = report.of(case.step)
    assert (found.state, report.code) == ("failed" if case.code else "warning", case.code)
    assert re.search(case.cause, found.cause)
    assert re.search(case.cure, found.cure)
    assert report.failed[:1] == ([case.step] if case.code else [])
    assert {step: report.of(step).state for step in case.learnt} == dict.fromkeys(case.learnt, "ok")
    bad = [one for one in report.steps if one.state in {"warning", "failed"}]
    assert [one.id for one in bad if not (one.cause and one.cure)] == []
    assert house.canary.hits(outcome.everything) == []


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_person_is_told_the_same_and_gets_a_bundle_without_a_secret(house: House, case: Case) -> None:
    bundle = house.desk.home / "bundle.zip"
    with case.world(house) as visit:
        outcome = house.run(visit, "--bundle", str(bundle))
    word = "FAILED" if case.code else "warning"
    told = re.search(rf"^{word} +{case.step}  .*\n +cause  +\S.*\n +cure  +(.+)$", outcome.stdout, re.MULTILINE)
    assert told
    assert re.search(case.cure, told[1])
    assert outcome.code == case.code
    shown = [outcome.everything, *unpacked(bundle).values()]
    assert [house.canary.hits(one) for one in shown] == [[]] * len(shown)
    assert stat.S_IMODE(bundle.stat().st_mode) == 0o600
