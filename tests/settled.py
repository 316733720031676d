"""Waiting for what another thread or process does in a moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


def settled(condition: Callable[[], bool]) -> bool:
    """Return whether it holds, now or soon."""
    end = time.monotonic() + 10
    while not condition() and time.monotonic() < end:
        threading.Event().wait(0.001)
    return condition()
