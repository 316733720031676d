"""Progress that ends a pull which announces too much."""

from __future__ import annotations

import threading

from ocibroker.bundle.reading import Reading
from ocibroker.errors import IntegrityError


class Bounded:
    """Tells the progress of ``reading``. Beyond its limits it raises :class:`~ocibroker.errors.IntegrityError`."""

    def __init__(self, reading: Reading, culprit: str) -> None:
        self._progress, self._most, self._culprit = reading.progress, reading.limits.fetched, culprit
        self._lock = threading.Lock()
        self._size = 0

    def begin(self, name: str, size: int) -> None:
        """Count ``size``, which a manifest has announced: no more than that is fetched."""
        with self._lock:
            self._size += size
            excess = self._size > self._most
        if excess:
            hint = "see what it holds"
            raise IntegrityError(f"is longer than {self._most} bytes", culprit=self._culprit, hint=hint)
        self._progress.begin(name, size)

    def advance(self, name: str, count: int) -> None:
        """Tell it."""
        self._progress.advance(name, count)

    def end(self, name: str) -> None:
        """Tell it."""
        self._progress.end(name)
