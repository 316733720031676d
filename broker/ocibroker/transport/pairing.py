"""The transport of an access, before anybody wants to connect."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocibroker.transport.paired import PairedTransport


class Pairing:
    """Makes a transport when it is first wanted, once: who wants the credential alone imports no httpx."""

    def __init__(self, make: Callable[[], PairedTransport]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._transport: PairedTransport | None = None

    @property
    def transport(self) -> PairedTransport:
        """The transport, the same each time."""
        with self._lock:
            if self._transport is None:
                self._transport = self._make()
            return self._transport
