"""Several things at once, and never more than that."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from ocibroker.oci.halt import Halt

LINGER: Final = 1.0
"""Seconds for work that was told to stop. What hangs longer is left behind; its threads end with the process."""

_LOOK: Final = 0.2
"""Seconds between two looks at the workers, so that Ctrl-C is seen on every system."""


def work(tasks: Iterable[Callable[[], None]], *, workers: int, halt: Halt) -> None:
    """Run ``tasks`` on at most ``workers`` threads; the first failure halts the others and is raised."""
    waiting, failures = deque(tasks), list[BaseException]()

    def labour() -> None:
        while not failures and (task := _next(waiting)):
            try:
                task()
            except BaseException as error:  # noqa: BLE001  # raised again by who waits
                failures.append(error)

    if min(workers, len(waiting)) == 1:
        labour()
    else:
        _run(labour, min(workers, len(waiting)), failures, halt)
    if failures:
        raise failures[0]


def _run(labour: Callable[[], None], workers: int, failures: Sequence[BaseException], halt: Halt) -> None:
    # Daemon threads: one that waits for a silent server must not hold up the end of the process.
    crew = [threading.Thread(target=labour, name="ocibroker-pull", daemon=True) for _ in range(workers)]
    for one in crew:
        one.start()
    try:
        while not failures and (busy := [one for one in crew if one.is_alive()]):
            busy[0].join(_LOOK)
    finally:
        if any(one.is_alive() for one in crew):
            halt.now()
            _linger(crew)


def _linger(crew: Sequence[threading.Thread]) -> None:
    end = time.monotonic() + LINGER
    for one in crew:
        one.join(max(0.0, end - time.monotonic()))


def _next(waiting: deque[Callable[[], None]]) -> Callable[[], None] | None:
    try:
        return waiting.popleft()
    except IndexError:
        return None
