"""What other people's libraries may log while they work for us: nothing."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

T = TypeVar("T")


def quietly(work: Callable[[], T], *packages: str) -> T:
    """Return what ``work`` does; what the loggers of ``packages`` log meanwhile, because of it, is dropped.

    Below WARNING an SDK logs keys and tokens, from there on a service's answers and tracebacks. What somebody else
    does with the same SDK at the same time is logged as ever. ``work`` calls :func:`hush` after an import that may
    have made more loggers.
    """
    hush(*packages)
    return work()


def hush(*packages: str) -> None:
    """Drop what is logged from within :func:`quietly` by the loggers of ``packages`` that there are by now.

    A filter stays, and is there once however often it is added: to remove one while another thread looks through
    them could hide a third.
    """
    for name in [*logging.root.manager.loggerDict]:
        if name.partition(".")[0] in packages:
            logging.getLogger(name).addFilter(_of_others)


def _of_others(_: logging.LogRecord) -> bool:
    """Whether somebody else than work of ours has caused the record."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_code is quietly.__code__:
            return False
        frame = frame.f_back
    return True
