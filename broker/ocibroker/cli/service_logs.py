"""The log of a process that serves: lines that machines read, and that never hold it up."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ocibroker.cli.json_lines import JSONLines
from ocibroker.cli.log_sink import LogSink
from ocibroker.cli.logs import OURS, Lines
from ocibroker.cli.operators import raised
from ocibroker.cli.repeats import Repeats

_TEXT: Final = "%(asctime)s %(levelname)s: %(message)s"


class LogFormat(StrEnum):
    """JSON for machines, text for people."""

    JSON = "json"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class ServiceLog:
    """Who writes, and who holds back."""

    sink: LogSink
    repeats: Repeats

    def dropped(self) -> int:
        """Return how many lines nobody took."""
        return self.sink.dropped

    def suppressed(self) -> int:
        """Return how many lines repeated another."""
        return self.repeats.suppressed


@contextmanager
def service_log(out: int, form: LogFormat) -> Iterator[ServiceLog]:
    """Write our logs to the descriptor ``out``, from INFO on unless DEBUG is set, and other people's warnings."""
    root, ours = logging.getLogger(), logging.getLogger(OURS)
    before, level = ours.handlers[:], ours.level
    log = ServiceLog(LogSink(out), Repeats(time.monotonic))
    log.sink.setFormatter(JSONLines() if form is LogFormat.JSON else Lines(_TEXT))
    log.sink.addFilter(raised)
    log.sink.addFilter(log.repeats)
    root.addHandler(log.sink)
    ours.handlers.clear()
    ours.setLevel(logging.DEBUG if level == logging.DEBUG else logging.INFO)
    try:
        yield log
    finally:
        root.removeHandler(log.sink)
        ours.handlers[:] = before
        ours.setLevel(level)
        log.sink.close()
