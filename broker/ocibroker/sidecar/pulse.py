"""Whether the event loop goes on, and how late it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from ocibroker.sidecar.notify import Notifier
from ocibroker.sidecar.prefetch import Sleep

_EVERY: Final = 1.0


class Pulse:
    """Beats once a second, or twice in the time within which the service manager expects a sign of life."""

    def __init__(self, notifier: Notifier, monotonic: Callable[[], float], *, sleep: Sleep = asyncio.sleep) -> None:
        self._notifier = notifier
        self._monotonic = monotonic
        self._sleep = sleep
        self.lag = 0.0
        """Seconds by which the last beat came late."""

    async def beat(self) -> None:
        """Beat until cancelled."""
        every = min(_EVERY, (self._notifier.watchdog or 2 * _EVERY) / 2)
        while True:
            began = self._monotonic()
            await self._sleep(every)
            self.lag = max(0.0, self._monotonic() - began - every)
            self._notifier.alive()
