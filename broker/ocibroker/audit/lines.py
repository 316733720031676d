"""Whole lines, to a file descriptor that may take a part of them."""

from __future__ import annotations

import os


class Lines:
    """Writes to ``out``, which stays the caller's; after a line that was cut the next one begins anew."""

    __slots__ = ("_begin", "_out")

    def __init__(self, out: int) -> None:
        self._out = out
        self._begin = b""

    def write(self, lines: bytes) -> None:
        """Write them; raises ``OSError`` where not all of them could be."""
        left = self._begin + lines
        while left:
            written = os.write(self._out, left)
            self._begin = b"" if left[:written].endswith(b"\n") else b"\n"
            left = left[written:]
