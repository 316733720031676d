"""What the log of a process that serves makes more of than a library's: only callers are told otherwise."""

from __future__ import annotations

import logging

from ocibroker.errors import NoIdentity
from ocibroker.events import Failing


def raised(record: logging.LogRecord) -> bool:
    """Make an error of the first failure that leaves nothing to give out, unless others may know an identity."""
    event = getattr(record, "event", None)
    if isinstance(event, Failing) and event.failures == 1 and not event.valid:
        record.levelno = logging.WARNING if isinstance(event.reason, NoIdentity) else logging.ERROR
        record.levelname = logging.getLevelName(record.levelno)
    return True
