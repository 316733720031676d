"""A way out for records that holds nobody up: what cannot be taken in time is lost, counted, and complained of."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

from ocibroker.events import AuditFailing, AuditRecovered, Report

MOST: Final = 50_000
"""Records that wait: a second of the most that one processor answers."""

_TOGETHER: Final = 500
_PAUSE: Final = 0.05
"""Seconds in which records are gathered, so that a flood of them costs few writes."""
_FAREWELL: Final = 2.0
"""Seconds that the end takes at most."""

T = TypeVar("T")
Consume = Callable[[Sequence[T]], int]
"""Takes records in the order in which they came, in a thread of its own; returns how many of them it took.

Raises whatever it likes: nothing of it gets any further.
"""


class Channel(Generic[T]):
    """Hands records to ``consume``; ``name`` says what it is for those who are told that it fails."""

    def __init__(self, name: str, consume: Consume[T], report: Report, *, most: int = MOST) -> None:
        self.name: Final = name
        self._consume, self._report, self._most = consume, report, most
        self._waiting: deque[T] = deque()
        self._wake, self._end = threading.Event(), threading.Event()
        self._overrun = self._refused = 0
        self._failing = False
        self._worker = threading.Thread(target=self._work, name=f"ocibroker-audit-{name}", daemon=True)
        self._worker.start()

    @property
    def lost(self) -> int:
        """How many records nobody has taken."""
        return self._overrun + self._refused

    def put(self, record: T) -> None:
        """Have ``record`` taken as soon as that can be."""
        if len(self._waiting) >= self._most:
            self._overrun += 1
            self._fail("takes records slower than they come")
            return
        self._waiting.append(record)
        if not self._wake.is_set():
            self._wake.set()

    def close(self) -> None:
        """Have all taken that waits, for at most two seconds; what is left then is lost."""
        self._end.set()
        self._wake.set()
        self._worker.join(_FAREWELL)
        if self._waiting:
            self._overrun += len(self._waiting)
            self._fail("has not taken the last records in time")

    def _work(self) -> None:
        while not self._end.is_set():
            self._wake.wait()
            self._end.wait(_PAUSE)
            self._wake.clear()
            self._drain()
        self._drain()  # once more: one may have come before the end was noticed

    def _drain(self) -> None:
        while self._waiting:
            self._hand_over([self._waiting.popleft() for _ in range(min(len(self._waiting), _TOGETHER))])

    def _hand_over(self, records: Sequence[T]) -> None:
        why = "does not take all records"
        try:
            taken = self._consume(records)
        except BaseException as error:  # noqa: BLE001  # whatever it is, callers are served, and the next come
            taken, why = 0, _said(error)
        self._refused += len(records) - taken
        if taken < len(records):
            self._fail(why)
        elif self._failing and not self._waiting:  # else it might be told of as often as there is room for one
            self._failing = False
            self._report(AuditRecovered(sink=self.name, lost=self.lost))

    def _fail(self, why: str) -> None:
        if not self._failing:
            self._failing = True
            self._report(AuditFailing(sink=self.name, reason=why))


def _said(error: BaseException) -> str:
    """Return what is shown of ``error``: the system's own words; of any other its type, since it may quote."""
    return error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
