"""What of the logs reaches the terminal."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final, TextIO

from ocibroker.cli.line import one_line

OURS: Final = "ocibroker"
HELD: Final = ("httpx", "httpcore", "botocore", "urllib3", "azure", "google", "msal")
"""Below WARNING these loggers print tokens, presigned URLs and headers."""

_LEVELS: Final = (logging.WARNING, logging.INFO, logging.DEBUG)

ErrorInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


@contextmanager
def shown(stderr: TextIO) -> Iterator[None]:
    """Show our own warnings on ``stderr`` and hold the others', until the block ends."""
    before = {name: logging.getLogger(name).level for name in (OURS, *HELD)}
    handler = logging.StreamHandler(stderr)
    handler.setFormatter(_Lines("ocibroker: %(levelname)s %(name)s: %(message)s"))
    for name in before:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger(OURS).addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger(OURS).removeHandler(handler)
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


def raise_to(verbosity: int) -> None:
    """Show our own logs from INFO on if ``verbosity`` is 1, from DEBUG on if it is more; warnings always."""
    logging.getLogger(OURS).setLevel(_LEVELS[min(verbosity, len(_LEVELS) - 1)])


def are_raised() -> bool:
    """Whether more than warnings are shown."""
    return logging.getLogger(OURS).isEnabledFor(logging.INFO)


class _Lines(logging.Formatter):
    """One line per record; of an exception its type and its frames: its text may hold anything."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's own name
        return one_line(super().formatMessage(record))

    def formatException(self, ei: ErrorInfo) -> str:  # noqa: N802  # logging's own name
        kind, _, frames = ei
        name = kind.__name__ if kind else ""
        return f"{''.join(traceback.format_tb(frames))}{name}"
