"""Several things at once, and how they are told to stop."""

from __future__ import annotations

import threading
import time
from functools import partial

import pytest

from ocibroker.errors import OcibrokerError
from ocibroker.oci import Halt
from ocibroker.oci.crew import LINGER, work


class Failed(Exception):
    """What a task raises."""


def failing() -> None:
    raise Failed


class TestWork:
    @pytest.mark.parametrize("workers", [1, 2, 8])
    def test_everything_is_done_once(self, workers: int) -> None:
        done: list[int] = []
        work([partial(done.append, number) for number in range(20)], workers=workers, halt=Halt())
        assert sorted(done) == list(range(20))

    def test_nothing_is_nothing(self) -> None:
        work([], workers=4, halt=Halt())

    @pytest.mark.parametrize("workers", [1, 4])
    @pytest.mark.parametrize("error", [Failed, KeyboardInterrupt, SystemExit])
    def test_the_first_failure_is_raised_whatever_it_is(self, workers: int, error: type[BaseException]) -> None:
        def fail() -> None:
            raise error

        with pytest.raises(error):
            work([fail, *[failing] * 10] if workers == 1 else [fail] * 10, workers=workers, halt=Halt())

    def test_after_a_failure_the_others_are_halted_and_waited_for(self) -> None:
        halt, started, ended = Halt(), threading.Event(), threading.Event()

        def until_halted() -> None:
            started.set()
            try:
                halt.pause(60)
            finally:
                ended.set()

        def fail_then() -> None:
            started.wait(10)
            raise Failed

        with pytest.raises(Failed):
            work([until_halted, fail_then], workers=2, halt=halt)
        assert ended.is_set()

    def test_one_that_hangs_is_left_behind(self) -> None:
        hung, started = threading.Event(), threading.Event()

        def hang() -> None:
            started.set()
            hung.wait(60)

        def fail_then() -> None:
            started.wait(10)
            raise Failed

        began = time.monotonic()
        with pytest.raises(Failed):
            work([hang, fail_then], workers=2, halt=Halt())
        assert time.monotonic() - began < LINGER + 5
        hung.set()


class TestHalt:
    @pytest.mark.parametrize("told", ["itself", "what is above"])
    def test_it_ends_a_pause_and_every_later_look(self, told: str) -> None:
        above = Halt()
        halt = above.below()
        threading.Timer(0.05, halt.now if told == "itself" else above.now).start()
        with pytest.raises(OcibrokerError, match="was stopped"):
            halt.pause(60)
        with pytest.raises(OcibrokerError, match="was stopped"):
            halt.check()

    def test_a_part_that_is_halted_leaves_the_whole_going(self) -> None:
        whole = Halt()
        whole.below().now()
        whole.check()

    def test_a_pause_ends_by_itself(self) -> None:
        Halt().pause(0.001)
