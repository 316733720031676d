"""Where an exception came from, without its text, which may hold anything."""

from __future__ import annotations

import traceback
from types import TracebackType

ErrorInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def frames_of(error: ErrorInfo) -> str:
    """Return the frames as Python shows them."""
    return "".join(traceback.format_tb(error[2]))
