"""What was logged that somebody shall read."""

from __future__ import annotations

import logging
from collections.abc import Iterable


def complaints(records: Iterable[logging.LogRecord]) -> list[str]:
    """Return the messages at WARNING and above, whoever has logged them."""
    return [record.getMessage() for record in records if record.levelno >= logging.WARNING]
