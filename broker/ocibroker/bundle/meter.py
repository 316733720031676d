"""How much an archive may become, counted while it does."""

from __future__ import annotations

from typing import Final

from ocibroker.bundle.reading import Reading
from ocibroker.errors import IntegrityError

HARMLESS: Final = 64 * 1024**2
"""Bytes that an archive may become whatever its own size."""


class Meter:
    """Counts what an archive of ``size`` bytes becomes; ``culprit`` names it.

    Raises :class:`~ocibroker.errors.IntegrityError` beyond the limits of ``reading``, and what its halt and its
    deadline raise.
    """

    def __init__(self, reading: Reading, size: int, culprit: str) -> None:
        self._reading = reading
        self._most = min(reading.limits.unpacked, max(HARMLESS, reading.limits.ratio * size))
        self._culprit = culprit
        self._bytes = self._entries = 0

    def grow(self, count: int) -> None:
        """Take note of so many more bytes."""
        self._reading.halt.check()
        self._bytes += count
        if self._bytes > self._most:
            raise IntegrityError(
                f"would become more than {self._most} bytes", culprit=self._culprit, hint="see what it holds"
            )

    def enter(self) -> None:
        """Take note of one more entry."""
        self._reading.halt.check()
        self._entries += 1
        if self._entries > self._reading.limits.entries:
            raise IntegrityError(
                f"holds more than {self._reading.limits.entries} entries",
                culprit=self._culprit,
                hint="see what it holds",
            )
