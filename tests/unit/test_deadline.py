"""A deadline is total, and over once it is reached."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.deadline import Deadline
from ocibroker.errors import DeadlineExceeded


class Hands:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("passed", [0.0, 3.0, 9.5])
def test_what_is_left_shrinks_with_time(passed: float) -> None:
    hands = Hands()
    deadline = Deadline.after(10, hands)
    hands.now += passed
    assert deadline.left() == 10 - passed


@pytest.mark.parametrize("passed", [10.0, 10.1, math.inf])
def test_it_is_over_from_the_moment_on(passed: float) -> None:
    hands = Hands()
    deadline = Deadline.after(10, hands)
    hands.now += passed
    with pytest.raises(DeadlineExceeded):
        deadline.left()


@pytest.mark.parametrize("seconds", [0.0, -1.0, math.nan, -math.inf])
def test_no_time_at_all_is_over_at_once(seconds: float) -> None:
    with pytest.raises(DeadlineExceeded):
        Deadline.after(seconds, Hands()).left()


@pytest.mark.parametrize(
    ("cap", "left"),
    [(None, 10.0), (3.0, 3.0), (10.0, 10.0), (30.0, 10.0)],
    ids=["none", "earlier", "same", "later"],
)
def test_another_limit_can_only_bring_it_forward(cap: float | None, left: float) -> None:
    assert Deadline.after(10, Hands()).no_later_than(cap).left() == left


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_what_is_left_is_more_than_zero_or_an_error(seconds: float) -> None:
    try:
        assert Deadline.after(seconds, Hands()).left() > 0
    except DeadlineExceeded:
        assert not 100 + seconds > 100
