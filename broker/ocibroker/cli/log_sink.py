"""A log that holds nobody up: what is not taken in time is dropped, and counted."""

from __future__ import annotations

import logging
import os
import queue
import threading
from typing import Final

MOST: Final = 1000
"""Lines that wait to be written."""

_FAREWELL: Final = 0.4
"""Seconds that the end of the log takes at most, twice: for a place in the queue, and for what waits in it."""


class LogSink(logging.Handler):
    """Writes lines to the file descriptor ``out`` in a daemon thread of its own.

    A pipe that nobody empties, a full disk or a closed descriptor cost lines, and never time. ``dropped`` counts
    them.
    """

    def __init__(self, out: int, most: int = MOST) -> None:
        super().__init__()
        self._out = out
        self._lines: queue.Queue[bytes | None] = queue.Queue(most)
        self.dropped = 0
        self._writer = threading.Thread(target=self._write, name="ocibroker-log", daemon=True)
        self._writer.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Have the record written as soon as that can be."""
        try:
            self._lines.put_nowait(f"{self.format(record)}\n".encode(errors="backslashreplace"))
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """Write what still waits, for less than a second."""
        try:
            self._lines.put(None, timeout=_FAREWELL)
        except queue.Full:
            pass
        else:
            self._writer.join(_FAREWELL)
        super().close()

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                while line:
                    line = line[os.write(self._out, line) :]
            except OSError:
                self.dropped += 1
