"""Whom a provider has asked for each credential: what else but the registry that is to work for it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from ocibroker.origin import Origin

Heard = Callable[[Origin], None]
"""Is told of a host that has answered."""

_MOST: Final = 4096
"""Keys that are remembered."""


def unheard(origin: Origin) -> None:
    """Tell nobody."""


class Asked:
    """By the key of an inquiry, as of its last fetch that was answered by anybody."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, frozenset[Origin]] = OrderedDict()

    def note(self, key: str, origins: frozenset[Origin]) -> None:
        """Remember who was asked; that nobody was says nothing."""
        if not origins:
            return
        self._known.pop(key, None)  # the one that was fetched longest ago goes first
        self._known[key] = origins
        if len(self._known) > _MOST:
            self._known.popitem(last=False)

    def of(self, key: str) -> frozenset[Origin]:
        """Return who was asked; nobody where this process has not fetched it."""
        return self._known.get(key, frozenset())
