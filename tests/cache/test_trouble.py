"""How long nobody is asked after a failure, and after how many without an answer a provider is left alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ocibroker.cache.breaker import CLOSED, PATIENCE, Breaker
from ocibroker.cache.trouble import Trouble, trouble
from ocibroker.errors import ConnectionFailed, CredentialUnavailable, OcibrokerError, RegistryRefused
from tests.cache.moments import moment

BROKEN, REFUSED = ConnectionFailed("broke"), CredentialUnavailable("denied")


def most(_: float, high: float) -> float:
    return high


def least(low: float, _: float) -> float:
    return low


def row(error: OcibrokerError, count: int) -> list[float]:
    """Return the pauses after so many failures in a row."""
    found: list[Trouble] = []
    for _ in range(count):
        found.append(trouble(error, moment(0), found[-1] if found else None, None, most))
    return [one.pause.total_seconds() for one in found]


@pytest.mark.acceptance(32)
def test_pauses_double_up_to_a_bound() -> None:
    assert row(BROKEN, 10) == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert row(REFUSED, 6) == [5, 10, 20, 40, 60, 60]
    assert row(RegistryRefused("no"), 1000)[-1] == 60


def test_half_of_a_pause_is_drawn() -> None:
    assert trouble(BROKEN, moment(0), None, None, least).pause == timedelta(seconds=0.5)


@pytest.mark.parametrize(("told", "pause"), [(0, 0), (20, 20), (3600, 3600), (10**9, 3600)])
def test_who_says_for_how_long_is_heeded_up_to_an_hour(told: float, pause: float) -> None:
    found = trouble(BROKEN, moment(0), None, timedelta(seconds=told), most)
    assert found.pause.total_seconds() == pause


@pytest.mark.parametrize(
    ("after", "step", "over"),
    [(0.9, 0, False), (1, 0, True), (0.5, -3600, False), (1, -3600, True), (0, 3600, True)],
)
def test_a_pause_ends_by_the_clock_that_says_more(after: float, step: float, over: bool) -> None:  # noqa: FBT001
    found = trouble(BROKEN, moment(0), None, None, most)
    assert found.over(moment(after, step)) is over


def late(times: int) -> Breaker:
    found = CLOSED
    for _ in range(times):
        found = found.overdue(moment(0))
    return found


def test_a_breaker_opens_when_so_many_calls_in_a_row_were_late() -> None:
    assert late(PATIENCE - 1).lets(moment(0))
    assert not late(PATIENCE).lets(moment(0))


@pytest.mark.parametrize(("more", "pause"), [(0, 1), (1, 2), (2, 4), (4, 16), (5, 30), (1000, 30)])
def test_it_stays_open_for_longer_each_time_and_lets_one_through_a_pause(more: int, pause: float) -> None:
    found = late(PATIENCE + more)
    assert not found.lets(moment(pause - 0.1))
    assert found.lets(moment(pause))
    assert not found.probing(moment(pause)).lets(moment(pause + 0.1))
    assert found.probing(moment(pause)).lets(moment(2 * pause))
