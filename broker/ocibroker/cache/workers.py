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
        self._at_work: set[Task] = set()
        self._working = 0
        self.hanging = 0
        """Workers that were written off, and have not come back."""

    def submit(self, task: Task) -> None:
        """Have ``task`` done. Raises :class:`RuntimeError` where no thread is left for it."""
        with self._lock:
            self._waiting.append(task)
        self._hire(task)

    def write_off(self, task: Task) -> None:
        """Count on ``task`` no more: one that waits is dropped, and one that hangs takes nobody's place."""
        with self._lock:
            if task in self._waiting:
                self._waiting.remove(task)
                return
            if task not in self._at_work:
                return
            self._at_work.remove(task)
            self._working -= 1
            self.hanging += 1
            following = self._waiting[0] if self._waiting else None
        if following is not None:
            self._hire(following)

    def _hire(self, task: Task) -> None:
        with self._lock:
            if self._working >= self._most:
                return
            self._working += 1
        try:
            self._start(self._labour, self._name)
        except (RuntimeError, MemoryError):
            self._give_up(task)

    def _labour(self) -> None:
        task = self._next(None)
        while task is not None:
            task()
            task = self._next(task)

    def _next(self, done: Task | None) -> Task | None:
        with self._lock:
            if done is not None and done not in self._at_work:  # written off: another has taken the place
                self.hanging -= 1
                return None
            if done is not None:
                self._at_work.remove(done)
            if self._waiting:
                task = self._waiting.popleft()
                self._at_work.add(task)
                return task
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
