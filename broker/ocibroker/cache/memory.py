"""The store that lives and dies with the process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

from ocibroker.cache.entry import Entry

MOST: Final = 4096
"""Entries; the one that was used longest ago goes first."""


class Memory:
    """Entries by key."""

    def __init__(self) -> None:
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self.crowded_out = self.forgotten = 0
        """Entries that went for others, and those that somebody had forgotten."""
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def forked(self) -> None:
        """Begin anew in a child, with what is known: another thread of its parent may have held the lock."""
        self._lock = threading.Lock()

    def get(self, key: str) -> Entry | None:
        """Return the entry, or none."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                self._entries.move_to_end(key)
            return entry

    def put(self, key: str, entry: Entry) -> None:
        """Keep ``entry``, unless a newer one is there already."""
        with self._lock:
            held = self._entries.get(key)
            if held is None or held.at.boot <= entry.at.boot:
                self._entries[key] = entry
            self._entries.move_to_end(key)
            if len(self._entries) > MOST:
                self._entries.popitem(last=False)
                self.crowded_out += 1

    def forget(self, key: str) -> None:
        """Forget the entry, whatever it holds."""
        with self._lock:
            self.forgotten += self._entries.pop(key, None) is not None
