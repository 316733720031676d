"""The transport of an access, before anybody wants to connect."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocibroker.transport.paired import PairedTransport


class Pairing:
    """Makes a transport when it is first wanted, once: who wants the credential alone imports no httpx."""

    def __init__(self, make: Callable[[], PairedTransport]) -> None:
        self._make = make
        self._made: dict[str, PairedTransport] = {}

    @property
    def transport(self) -> PairedTransport:
        """The transport, the same each time."""
        made = self._made.get("transport")
        # No lock, since a forked child might find it held for ever: the first of two that are made at once stays.
        return self._made.setdefault("transport", self._make()) if made is None else made
