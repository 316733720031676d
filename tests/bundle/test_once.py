"""What is made once, however many want it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from ocibroker.bundle.once import Once
from ocibroker.errors import NotFound, OcibrokerError
from ocibroker.oci import Halt


def nothing() -> None:
    """Nobody is to stop."""


def outcome(action: Callable[[], object]) -> object:
    try:
        return action()
    except OcibrokerError as error:
        return error


def test_ten_who_want_it_at_once_get_what_the_first_makes() -> None:
    once, made, all_there = Once[str, object](), list[object](), threading.Barrier(10)

    def make() -> object:
        made.append(object())
        return made[-1]

    def want(_: int) -> object:
        all_there.wait(10)
        return once.get("key", make, nothing)

    with ThreadPoolExecutor(10) as crew:
        assert set(crew.map(want, range(10))) == set(made)
    assert len(made) == 1


def test_each_key_has_its_own() -> None:
    once = Once[str, str]()
    assert once.get("a", lambda: "1", nothing) == "1"
    assert once.get("b", lambda: "2", nothing) == "2"
    assert once.get("a", lambda: "3", nothing) == "1"


def test_a_failure_is_everybodys_and_each_has_it_for_itself() -> None:
    once, asked = Once[str, str](), list[int]()

    def fail() -> str:
        asked.append(1)
        raise NotFound("is not there", culprit="x")

    first, second = (outcome(lambda: once.get("key", fail, nothing)) for _ in range(2))
    assert str(first) == str(second) == "x: is not there"
    assert first is not second
    assert len(asked) == 1


def test_who_waits_can_be_stopped() -> None:
    once, halt, begun, go_on = Once[str, str](), Halt(), threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        go_on.wait(10)
        return "made"

    with ThreadPoolExecutor(1) as crew:
        first = crew.submit(once.get, "key", slow, nothing)
        begun.wait(10)
        halt.now()
        with pytest.raises(OcibrokerError, match="was stopped"):
            once.get("key", slow, halt.check)
        go_on.set()
        assert first.result(10) == "made"
