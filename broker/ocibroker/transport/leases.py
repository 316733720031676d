"""Who still uses something that is to be closed after its last user."""

from __future__ import annotations

import threading


class Leases:
    """A count of users and a note that nobody new will come. Each method that says so says it once."""

    __slots__ = ("_lock", "_retired", "_taken")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = 0
        self._retired = False

    def take(self) -> bool:
        """Count one more user; false when it is too late."""
        with self._lock:
            if self._retired:
                return False
            self._taken += 1
            return True

    def give_back(self) -> bool:
        """Count one user less; true when the last one of something retired has left."""
        with self._lock:
            self._taken -= 1
            return self._retired and self._taken == 0

    def retire(self) -> bool:
        """Let nobody new in; true when there is nobody left to wait for."""
        with self._lock:
            first, self._retired = not self._retired, True
            return first and self._taken == 0
