"""One worker for all who want the same thing at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Generic, TypeVar

from ocibroker.cache.workers import Start, Task, Workers, start_thread
from ocibroker.deadline import Deadline
from ocibroker.errors import ContractViolation, CredentialUnavailable, DeadlineExceeded, OcibrokerError

T = TypeVar("T")

WORKERS: Final = 16
"""Flights of one provider that work at once; others of it wait their turn, those of other providers do not."""


def _nothing() -> None:
    """Do what is to be done for a flight without a worker."""


@dataclass(slots=True, eq=False)
class Flight(Generic[T]):
    """Work under way, by its ``deadline``; whoever wants the same waits for ``future``.

    That ends with the result or an :class:`~ocibroker.errors.OcibrokerError`. It cannot be cancelled: others may be
    waiting. ``write_off`` frees the worker's place. ``began`` is whether anybody is asked at all.
    """

    deadline: Deadline
    future: Future[T] = field(default_factory=Future)
    write_off: Task = _nothing
    began: bool = True
    _late: bool = False

    @property
    def hangs(self) -> bool:
        """Whether it should have ended by now and has not."""
        return self.deadline.passed and not self.future.done()

    def late_for_the_first_time(self) -> bool:
        """Whether its deadline has passed, and nobody has been told so before; one that hangs is written off."""
        if self._late or not self.deadline.passed:
            return False
        self._late = True
        if not self.future.done():
            self.write_off()
        return True


def failed_flight(error: OcibrokerError, deadline: Deadline) -> Flight[Any]:
    """Return a flight that has ended with ``error`` before it began."""
    flight = Flight[Any](deadline, began=False)
    flight.future.set_exception(error)
    return flight


class Flights(Generic[T]):
    """Runs at most one piece of work for each key; everybody who asks meanwhile gets the same flight.

    No lock is held while one works. One that hangs past its deadline is left to itself, and the next who asks
    begins another.
    """

    def __init__(self, start: Start = start_thread) -> None:
        self._start = start
        self._lock = threading.Lock()
        self._running: dict[str, Flight[T]] = {}
        self._workers: dict[str, Workers] = {}

    def forked(self) -> None:
        """Begin anew in a child: the workers are its parent's."""
        self._lock = threading.Lock()
        self._running = {}
        self._workers = {}

    def join(self, key: str, work: Callable[[], T], deadline: Deadline, *, provider: str) -> tuple[Flight[T], bool]:
        """Return the flight for ``key``, begun with ``work`` if there was none, and whether it was begun now.

        It ends with an :class:`~ocibroker.errors.OcibrokerError` whatever ``work`` raises; an error that names
        nobody names the ``provider``.
        """
        with self._lock:
            running = self._running.get(key)
            if running is not None and not running.hangs:
                return running, False
            flight = self._running[key] = Flight[T](deadline)
            workers = self._workers.get(provider)
            if workers is None:
                workers = self._workers[provider] = Workers(f"ocibroker-{provider}", WORKERS, self._start)
        flight.future.set_running_or_notify_cancel()
        task = partial(self._fly, key, flight, work, provider)
        flight.write_off = partial(workers.write_off, task)
        if running is not None:
            running.write_off()
        try:
            workers.submit(task)
        except RuntimeError:
            self._land(key, flight, CredentialUnavailable("no thread is left to ask it", culprit=provider))
        return flight, True

    def hanging(self) -> Mapping[str, int]:
        """Return how many workers of each provider were written off, and have not come back."""
        with self._lock:
            return {provider: workers.hanging for provider, workers in self._workers.items()}

    def wait(self, seconds: float) -> None:
        """Wait for what is under way, at most so many seconds."""
        with self._lock:
            running = [flight.future for flight in self._running.values() if not flight.hangs]
        wait(running, seconds)

    def _fly(self, key: str, flight: Flight[T], work: Callable[[], T], provider: str) -> None:
        outcome: T | OcibrokerError
        if flight.deadline.passed:  # it has waited for its turn too long
            outcome = DeadlineExceeded("had no turn in time", culprit=provider, hint="allow more time")
        else:
            try:
                outcome = work()
            except BaseException as error:  # noqa: BLE001  # a provider may raise anything, SystemExit included
                outcome = contained(error, provider)
        self._land(key, flight, outcome)

    def _land(self, key: str, flight: Flight[T], outcome: T | OcibrokerError) -> None:
        with self._lock:
            if self._running.get(key) is flight:
                del self._running[key]
        if isinstance(outcome, OcibrokerError):
            flight.future.set_exception(outcome)
        else:
            flight.future.set_result(outcome)


def contained(error: BaseException, culprit: str) -> OcibrokerError:
    """Return an error without the frames of the worker, whose local variables may hold secrets."""
    if isinstance(error, OcibrokerError):
        return error.restated(culprit=culprit)
    return ContractViolation(f"raised {type(error).__name__}", culprit=culprit, hint="report it to its authors")
