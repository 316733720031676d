"""One worker for all who want the same thing at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, Generic, TypeVar

from ocibroker.errors import ContractViolation, CredentialUnavailable, OcibrokerError

T = TypeVar("T")

WORKERS: Final = 32
"""Flights that work at once; others wait their turn, within their deadlines."""


class Flights(Generic[T]):
    """Runs at most one piece of work for each key; everybody who asks meanwhile gets the same future.

    Workers are daemon threads, so that a provider which hangs never holds up the end of the process. No lock is
    held while one works.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[str, Future[T]] = {}
        self._turns = threading.BoundedSemaphore(WORKERS)

    def join(self, key: str, work: Callable[[], T], *, culprit: str) -> Future[T]:
        """Return the future of the flight for ``key``, started with ``work`` if there was none.

        It ends with the result or an :class:`~ocibroker.errors.OcibrokerError`, whatever ``work`` raises; an
        error that names nobody names ``culprit``. It cannot be cancelled: others may be waiting.
        """
        with self._lock:
            if (running := self._running.get(key)) is not None:
                return running
            future: Future[T] = Future()
            future.set_running_or_notify_cancel()
            self._running[key] = future
        worker = threading.Thread(
            target=self._fly, args=(key, future, work, culprit), name=f"ocibroker-{culprit}", daemon=True
        )
        try:
            worker.start()
        except RuntimeError:
            self._land(key, future, CredentialUnavailable("no thread is left to ask it", culprit=culprit))
        return future

    def _fly(self, key: str, future: Future[T], work: Callable[[], T], culprit: str) -> None:
        outcome: T | OcibrokerError
        with self._turns:
            try:
                outcome = work()
            except BaseException as error:  # noqa: BLE001  # a provider may raise anything, SystemExit included
                outcome = _contained(error, culprit)
        self._land(key, future, outcome)

    def _land(self, key: str, future: Future[T], outcome: T | OcibrokerError) -> None:
        with self._lock:
            del self._running[key]
        if isinstance(outcome, OcibrokerError):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)


def _contained(error: BaseException, culprit: str) -> OcibrokerError:
    """Return an error without the frames of the worker, whose local variables may hold secrets."""
    if isinstance(error, OcibrokerError):
        return error.restated(culprit=culprit)
    return ContractViolation(f"raised {type(error).__name__}", culprit=culprit, hint="report it to its authors")
