"""What did not get into the log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """How many lines of the log nobody took, and how many were held back as they repeated another."""

    dropped: Callable[[], int] = lambda: 0
    suppressed: Callable[[], int] = lambda: 0
