"""A few threads for many tasks: never more, in order, and none is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from ocibroker.cache.workers import Start, Task, Workers, start_thread


class Hand:
    """Starts nothing by itself."""

    def __init__(self) -> None:
        self.started: list[Task] = []

    def __call__(self, labour: Task, name: str) -> None:
        self.started.append(labour)


def refuse(labour: Task, name: str) -> None:
    raise RuntimeError("can't start new thread")


def starve(labour: Task, name: str) -> None:
    raise MemoryError


def test_no_more_work_at_once_than_may_and_each_takes_what_comes_next() -> None:
    hand, done = Hand(), list[int]()
    workers = Workers("w", 2, hand)
    for number in range(5):
        workers.submit(lambda number=number: done.append(number))  # type: ignore[misc]
    assert len(hand.started) == 2
    hand.started[1]()
    assert done == [0, 1, 2, 3, 4]
    hand.started[0]()
    workers.submit(lambda: done.append(5))
    assert len(hand.started) == 3


def test_a_thousand_tasks_on_real_threads_are_all_done() -> None:
    workers, done, all_done = Workers("w", 8, start_thread), list[int](), threading.Event()
    seen = set[str]()

    def task(number: int) -> None:
        seen.add(threading.current_thread().name)
        done.append(number)
        if len(done) == 1000:
            all_done.set()

    for number in range(1000):
        workers.submit(lambda number=number: task(number))  # type: ignore[misc]
    assert all_done.wait(10)
    assert sorted(done) == list(range(1000))
    assert seen == {"w"}


@pytest.mark.fault(46)
@pytest.mark.parametrize("start", [refuse, starve])
def test_where_no_thread_is_left_the_task_comes_back(start: Start) -> None:
    workers, done = Workers("w", 2, start), list[int]()
    with pytest.raises(RuntimeError, match="no thread"):
        workers.submit(lambda: done.append(1))
    assert done == []


def test_where_another_still_works_it_does_this_too() -> None:
    hand, done = Hand(), list[int]()
    starts: Iterator[Start] = iter([hand, refuse])
    workers = Workers("w", 2, lambda labour, name: next(starts)(labour, name))
    workers.submit(lambda: done.append(1))
    workers.submit(lambda: done.append(2))
    hand.started[0]()
    assert done == [1, 2]


def test_who_was_written_off_hangs_until_he_comes_back() -> None:
    hand, tasks = Hand(), list[Task]()
    workers = Workers("w", 1, hand)

    def hangs() -> None:
        workers.write_off(tasks[0])
        assert workers.hanging == 1

    tasks.append(hangs)
    workers.submit(hangs)
    hand.started[0]()
    assert workers.hanging == 0
