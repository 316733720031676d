"""How often each caller may ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_MOST: Final = 4096
"""Callers that are remembered; who has not asked lately is forgotten first, at no loss."""


class Rates:
    """``rate`` requests per second of each key, and ``burst`` at once: the generic cell rate algorithm."""

    __slots__ = ("_ahead", "_due", "_monotonic", "_step")

    def __init__(self, rate: float, burst: int, monotonic: Callable[[], float]) -> None:
        self._step = 1 / rate
        self._ahead = (burst - 1) / rate
        self._monotonic = monotonic
        self._due: dict[str, float] = {}

    def full(self, key: str) -> bool:
        """Whether ``key`` may not ask now; nothing is counted."""
        return self._due.get(key, 0.0) - self._monotonic() > self._ahead

    def wait(self, key: str) -> float:
        """Return 0 where ``key`` may ask now, and count that it does; else the seconds after which it may."""
        now = self._monotonic()
        due = max(self._due.get(key, now), now)
        if due - now > self._ahead:
            return due - now - self._ahead
        if len(self._due) >= _MOST:
            self._due = {other: moment for other, moment in self._due.items() if moment > now}
        self._due[key] = due + self._step
        return 0.0
