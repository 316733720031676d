"""What is remembered while there is room for it: so many things, and so many bytes of them."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Shelf(Generic[K, V]):
    """Things by key; the one that was put there longest ago goes first."""

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._bytes = 0
        self._things: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def get(self, key: K) -> V | None:
        """Return the thing, or none."""
        known = self._things.get(key)
        return None if known is None else known[0]

    def clear(self) -> None:
        """Keep nothing of it."""
        self._things.clear()
        self._bytes = 0

    def put(self, key: K, thing: V, size: int) -> None:
        """Keep a thing of that many bytes."""
        before = self._things.pop(key, None)
        self._bytes += size - (before[1] if before else 0)
        self._things[key] = (thing, size)
        while self._things and (len(self._things) > self._most or self._bytes > self._most_bytes):
            self._bytes -= self._things.popitem(last=False)[1][1]
