"""Progress that a test looks at."""

from __future__ import annotations

import threading


class Recorded:
    """Progress that is counted, name by name."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.ended: list[str] = []
        self._lock = threading.Lock()

    def begin(self, name: str, size: int) -> None:
        self.counts[name] = 0

    def advance(self, name: str, count: int) -> None:
        with self._lock:
            self.counts[name] += count

    def end(self, name: str) -> None:
        self.ended.append(name)
