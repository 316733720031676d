"""Who still uses something that is to be closed after its last user."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.transport.leases import Leases


def leases(users: int) -> Leases:
    made = Leases()
    for _ in range(users):
        made.take()
    return made


def test_a_user_may_come_while_nothing_is_retired() -> None:
    assert Leases().take()


def test_nobody_comes_in_after_retirement() -> None:
    made = Leases()
    made.retire()
    assert not made.take()


@pytest.mark.parametrize(("users", "closes"), [(0, True), (1, False), (3, False)])
def test_retirement_closes_only_what_nobody_uses(users: int, *, closes: bool) -> None:
    assert leases(users).retire() is closes


def test_the_last_user_of_something_retired_closes_it() -> None:
    made = leases(2)
    made.retire()
    assert [made.give_back(), made.give_back()] == [False, True]


def test_the_last_user_closes_nothing_that_is_not_retired() -> None:
    assert not leases(1).give_back()


def test_a_second_retirement_closes_nothing() -> None:
    made = Leases()
    assert [made.retire(), made.retire()] == [True, False]


@given(st.lists(st.sampled_from(["take", "give_back", "retire"]), max_size=20))
def test_it_is_closed_once_at_most_and_never_while_it_is_used(steps: list[str]) -> None:
    made, users, closed = Leases(), 0, 0
    for step in steps:
        if step == "take":
            users += made.take()
        elif step == "retire":
            closed += made.retire()
        elif users:
            users -= 1
            closed += made.give_back()
        assert closed <= 1
        assert not (closed and users)


def test_of_many_threads_exactly_one_closes() -> None:
    made = leases(64)
    made.retire()
    said: list[bool] = []
    start = threading.Barrier(64)

    def leave() -> None:
        start.wait(30)
        said.append(made.give_back())

    threads = [threading.Thread(target=leave) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert said.count(True) == 1
