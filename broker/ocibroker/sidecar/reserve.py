"""File descriptors that are kept back, so that there is one where it matters when the process has used them up."""

from __future__ import annotations

import os


class Reserve:
    """Holds ``size`` descriptors open, while there are so many."""

    __slots__ = ("_held", "_size")

    def __init__(self, size: int) -> None:
        self._size = size
        self._held: list[int] = []
        self.refill()

    def spend(self) -> bool:
        """Give one up for whoever needs it now; whether there was one."""
        if not self._held:
            return False
        os.close(self._held.pop())
        return True

    def refill(self) -> bool:
        """Take back what there is; whether it is whole."""
        try:
            while len(self._held) < self._size:
                self._held.append(os.open(os.devnull, os.O_RDONLY))
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Give all of them up."""
        while self.spend():
            pass


def fair_share(doors: int, wanted: int) -> int:
    """Return how many connections each of so many doors may have: ``wanted``, and of all files at most half."""
    import resource  # here: it is not on Windows, where the rest of the package is imported too

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if soft == resource.RLIM_INFINITY else max(1, min(wanted, soft // 2 // max(1, doors)))
