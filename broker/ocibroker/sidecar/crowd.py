"""The connections of one door: how many there may be, and which one goes when another comes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Protocol


class Guest(Protocol):
    """A connection, from the moment at which it is accepted."""

    @property
    def key(self) -> str:
        """Whose share it counts for."""
        ...

    def check(self, now: float) -> None:
        """Close it where its time is over."""
        ...

    def dismiss(self) -> None:
        """Close it at once."""
        ...

    def shutdown(self) -> None:
        """Close it as soon as nothing is under way."""
        ...


class Crowd:
    """At most ``most`` guests, at most ``most_each`` of the same key; ``empty`` is set while there are none."""

    __slots__ = ("_each", "_guests", "_idle", "_most", "_most_each", "empty")

    def __init__(self, most: int, most_each: int) -> None:
        self._most, self._most_each = most, most_each
        self._guests: set[Guest] = set()
        self._idle: dict[Guest, None] = {}  # who has been idle for longest comes first
        self._each: Counter[str] = Counter()
        self.empty = asyncio.Event()
        self.empty.set()

    def __len__(self) -> int:
        return len(self._guests)

    def __iter__(self) -> Iterator[Guest]:
        return iter(tuple(self._guests))

    @property
    def full(self) -> bool:
        """Whether one has to go for another."""
        return len(self._guests) >= self._most

    def has_room(self, key: str) -> bool:
        """Whether one more may come in; for it somebody idle goes, of its key if that has its share."""
        if self._each[key] >= self._most_each:
            return self.thin_out(key)
        return not self.full or self.thin_out()

    def thin_out(self, key: str | None = None) -> bool:
        """Dismiss who has been idle for longest, of that key where one is given; whether there was any."""
        chosen = next((guest for guest in self._idle if key is None or guest.key == key), None)
        if chosen is None:
            return False
        self.leave(chosen)
        chosen.dismiss()
        return True

    def enter(self, guest: Guest) -> None:
        """Count it; it is idle until it asks."""
        self.empty.clear()
        self._guests.add(guest)
        self._each[guest.key] += 1
        self._idle[guest] = None

    def leave(self, guest: Guest) -> None:
        """Count it no more."""
        if guest in self._guests:
            self._guests.remove(guest)
            self._idle.pop(guest, None)
            self._each[guest.key] -= 1
            if not self._each[guest.key]:
                del self._each[guest.key]
            if not self._guests:
                self.empty.set()

    def rests(self, guest: Guest) -> None:
        """Say that it is idle from now on."""
        if guest in self._guests:
            self._idle[guest] = None

    def asks(self, guest: Guest) -> None:
        """Say that it is not idle any more."""
        self._idle.pop(guest, None)
