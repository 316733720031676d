"""What of the logs reaches the terminal."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TextIO

from ocibroker.cli.frames import ErrorInfo, frames_of
from ocibroker.line import one_line

OURS: Final = "ocibroker"
HELD: Final = ("httpx", "httpcore", "botocore", "urllib3", "azure", "google", "msal")
"""Below WARNING these loggers print tokens, presigned URLs and headers."""

_LEVELS: Final = (logging.WARNING, logging.INFO, logging.DEBUG)


@contextmanager
def shown(stderr: TextIO) -> Iterator[None]:
    """Show our own warnings on ``stderr`` and hold the others', until the block ends."""
    before = {name: logging.getLogger(name).level for name in (OURS, *HELD)}
    handler = logging.StreamHandler(stderr)
    handler.setFormatter(Lines("ocibroker: %(levelname)s %(name)s: %(message)s"))
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


class Lines(logging.Formatter):
    """One line per record; of an exception its type and its frames: its text may hold anything."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's own name
        """Return the line."""
        return one_line(super().formatMessage(record))

    def formatException(self, ei: ErrorInfo) -> str:  # noqa: N802  # logging's own name
        """Return the frames and the type."""
        return f"{frames_of(ei)}{ei[0].__name__ if ei[0] else ''}"
