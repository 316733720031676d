"""What botocore may log."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

T = TypeVar("T")


def quietly(work: Callable[[], T]) -> T:
    """Return what ``work`` does; what botocore logs meanwhile, because of it, is dropped."""
    hush()
    return work()


def hush() -> None:
    """Drop what botocore logs within a fetch: below WARNING secrets, from there on AWS's answers and tracebacks.

    A filter stays, and is there once however often it is added: to remove one while another thread looks through
    them could hide a third.
    """
    for name in [*logging.root.manager.loggerDict]:
        if name.startswith("botocore"):
            logging.getLogger(name).addFilter(_of_others)


def _of_others(_: logging.LogRecord) -> bool:
    """Whether somebody else than our fetch has caused the record."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_code is quietly.__code__:
            return False
        frame = frame.f_back
    return True
