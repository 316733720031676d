"""What is made once for all who want it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, Generic, TypeVar

from ocibroker.errors import OcibrokerError

K = TypeVar("K")
V = TypeVar("V")

_LOOK: Final = 0.2
"""Seconds between two looks at whether to go on waiting."""


class Once(Generic[K, V]):
    """Remembers what was made for each key, also that it failed. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[K, Future[V]] = {}

    def get(self, key: K, make: Callable[[], V], check: Callable[[], None]) -> V:
        """Return what ``make`` gives for ``key``: the first who asks calls it, the others wait.

        Who waits calls ``check``, which raises when it is to stop. Raises what ``make`` raised for the first.
        """
        with self._lock:
            ours = key not in self._made
            future = self._made.setdefault(key, Future())
        if ours:
            _settle(future, make)
        return _awaited(future, check)


def _settle(future: Future[V], make: Callable[[], V]) -> None:
    try:
        future.set_result(make())
    except BaseException as error:  # noqa: BLE001  # raised again by all who wait
        future.set_exception(error)


def _awaited(future: Future[V], check: Callable[[], None]) -> V:
    while not future.done():
        check()
        try:
            future.exception(_LOOK)
        except TimeoutError:
            continue
    failure = future.exception()
    if isinstance(failure, OcibrokerError):
        raise failure.restated()  # each with a traceback of its own
    return future.result()
