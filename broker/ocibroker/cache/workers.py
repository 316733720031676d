"""A few threads that work off what comes in, and hold nobody up."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

Task = Callable[[], None]
"""Work that raises nothing."""


class Start(Protocol):
    """Runs something elsewhere, now or later; raises :class:`RuntimeError` where that cannot be."""

    def __call__(self, labour: Task, name: str) -> None:
        """Begin to run ``labour``."""
        ...


def start_thread(labour: Task, name: str) -> None:
    """Run ``labour`` in a daemon thread: one that hangs never holds up the end of the process."""
    threading.Thread(target=labour, name=name, daemon=True).start()


class Workers:
    """At most ``most`` tasks at once, in the order in which they came; a worker without work ends."""

    def __init__(self, name: str, most: int, start: Start) -> None:
        self._name = name
        self._most = most
        self._start = start
        self._lock = threading.Lock()
        self._waiting: deque[Task] = deque()
        self._working = 0

    def submit(self, task: Task) -> None:
        """Have ``task`` done. Raises :class:`RuntimeError` where no thread is left for it."""
        with self._lock:
            self._waiting.append(task)
            if self._working >= self._most:
                return
            self._working += 1
        try:
            self._start(self._labour, self._name)
        except RuntimeError:
            self._give_up(task)

    def _labour(self) -> None:
        while (task := self._next()) is not None:
            task()

    def _next(self) -> Task | None:
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._working -= 1
            return None

    def _give_up(self, task: Task) -> None:
        """Take ``task`` back, unless another worker has it or will come to it."""
        with self._lock:
            self._working -= 1
            if self._working or task not in self._waiting:
                return
            self._waiting.remove(task)
        raise RuntimeError("no thread can be started")
