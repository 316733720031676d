"""A line that says what was just said is held back, and counted."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

WINDOW: Final = 10.0
"""Seconds in which a line is not repeated."""

_MOST: Final = 256
"""Lines that are remembered."""


class Repeats(logging.Filter):
    """Lets a text of a logger through once in :data:`WINDOW` seconds; the next one says how many it stands for.

    What is shown for finding a fault, below INFO, is never held back. ``suppressed`` counts what was.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._seen: OrderedDict[tuple[str, str], tuple[float, int]] = OrderedDict()
        self.suppressed = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written."""
        if record.levelno < logging.INFO:
            return True
        now, key = self._monotonic(), (record.name, record.getMessage())
        since, held = self._seen.pop(key, (now - WINDOW, 0))
        if now - since < WINDOW:
            self._seen[key] = since, held + 1
            self.suppressed += 1
            return False
        self._seen[key] = now, 0
        if len(self._seen) > _MOST:
            self._seen.popitem(last=False)
        record.suppressed = held
        return True
