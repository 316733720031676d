"""What may be done with a remembered answer, by age, by both clocks, and by what the caller wants."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker import Anonymous
from ocibroker.cache import EARLIEST, LATEST, Entry, Standing
from tests.cache.moments import entry, moment

FRESH, DUE, SHORT, OVER = Standing.FRESH, Standing.DUE, Standing.SHORT, Standing.OVER
HOURS = 12 * 3600.0
MINUTE = timedelta(seconds=60)

LIVES = st.floats(min_value=0.1, max_value=400 * 86400.0)
SECONDS = st.floats(min_value=0, max_value=800 * 86400.0)
STEPS = st.one_of(st.just(0.0), st.floats(min_value=-86400.0, max_value=10 * 366 * 86400.0))


@pytest.mark.fault(15)
@pytest.mark.acceptance(29)
@pytest.mark.parametrize(
    ("after", "step", "standing"),
    [
        (0, 0, FRESH),
        (0.8 * HOURS - 1, 0, FRESH),
        (0.8 * HOURS, 0, DUE),
        (HOURS - 61, 0, DUE),
        (HOURS - 60, 0, SHORT),
        (HOURS - 11, 0, SHORT),
        (HOURS - 10, 0, OVER),
        (HOURS + 1, 0, OVER),
        (0, 3600, FRESH),
        (0, HOURS, OVER),
        (60, 10 * 366 * 86400, OVER),
        (60, -3600, DUE),
        (0.8 * HOURS, -3600, DUE),
        (HOURS, -3600, OVER),
        (HOURS + 3600, -8 * 3600, OVER),
    ],
)
def test_a_token_of_twelve_hours(after: float, step: float, standing: Standing) -> None:
    assert entry(HOURS).standing(moment(after, step), MINUTE) is standing


@pytest.mark.parametrize(
    ("life", "after", "min_ttl", "standing"),
    [
        (60, 29, 60, FRESH),
        (60, 30, 60, SHORT),
        (60, 53.9, 60, SHORT),
        (60, 54, 60, OVER),
        (300, 0, 600, FRESH),
        (300, 150, 600, SHORT),
        (3600, 2999, 600, DUE),
        (3600, 3000, 600, SHORT),
        (3600, 3589, 0, DUE),
        (1, 0.89, 0, DUE),
        (1, 0.91, 0, OVER),
    ],
)
def test_a_short_life_is_good_for_its_first_half_whatever_is_wanted(
    life: float, after: float, min_ttl: float, standing: Standing
) -> None:
    assert entry(life).standing(moment(after), timedelta(seconds=min_ttl)) is standing


def test_what_does_not_expire_is_fresh_as_long_as_it_is_kept() -> None:
    assert entry(None).standing(moment(10**9), MINUTE) is FRESH
    assert entry(None, keep=300).standing(moment(299), MINUTE) is FRESH
    assert entry(None, keep=300).standing(moment(300), MINUTE) is OVER
    assert entry(None, keep=300).standing(moment(0, 300), MINUTE) is OVER


def test_that_there_is_no_identity_is_believed_for_seconds() -> None:
    nobody = Entry(answer=Anonymous("nobody has logged in"), at=moment(0))
    assert [nobody.standing(moment(after), MINUTE) for after in (0, 4.9, 5)] == [FRESH, FRESH, OVER]
    assert nobody.standing(moment(5, -3600), MINUTE) is OVER


@pytest.mark.fault(15, 16)
@given(life=LIVES, after=SECONDS, step=STEPS, ttl=SECONDS, share=st.floats(EARLIEST, LATEST))
def test_nothing_is_given_out_past_its_end_by_either_clock(
    life: float, after: float, step: float, ttl: float, share: float
) -> None:
    standing = entry(life, share=share).standing(moment(after, step), timedelta(seconds=ttl))
    if after >= life or after + step >= life:
        assert standing is OVER


@given(life=LIVES, first=SECONDS, second=SECONDS, ttl=SECONDS, share=st.floats(EARLIEST, LATEST))
def test_without_a_step_of_the_clock_it_only_grows_older(
    life: float, first: float, second: float, ttl: float, share: float
) -> None:
    order = list(Standing)
    known, wanted = entry(life, share=share), timedelta(seconds=ttl)
    early, late = (known.standing(moment(after), wanted) for after in sorted((first, second)))
    assert order.index(early) <= order.index(late)


@given(life=LIVES, after=SECONDS, few=SECONDS, many=SECONDS)
def test_who_wants_more_life_waits_no_later(life: float, after: float, few: float, many: float) -> None:
    few, many = sorted((few, many))
    modest, demanding = (entry(life).standing(moment(after), timedelta(seconds=ttl)) for ttl in (few, many))
    assert modest.valid == demanding.valid
    assert list(Standing).index(modest) <= list(Standing).index(demanding)
