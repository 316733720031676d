"""The sidecar's HTTP server: the doors that were opened, an application behind them, and an orderly end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ocibroker.sidecar.denial import Denied, uncounted
from ocibroker.sidecar.door import Door
from ocibroker.sidecar.gate import Application, Gate
from ocibroker.sidecar.limits import Limits
from ocibroker.sidecar.listener import ListenerName
from ocibroker.sidecar.rates import Rates
from ocibroker.sidecar.repeats import Repeat, none_repeats
from ocibroker.sidecar.requirement import require
from ocibroker.sidecar.reserve import Reserve

if TYPE_CHECKING:
    from ocibroker.sidecar.shift import Shift


class Server:
    """Serves an ASGI application at ``doors``; ``scope["state"]`` holds ``listener`` and ``peer`` of each request.

    ``repeat`` answers in its stead what repeats; for that the state holds ``request`` too, the bytes of one that
    came in one piece. ``denied`` is told of each caller and request that is not let in. It installs no signal
    handlers and configures no logging. Its construction raises :class:`~ocibroker.errors.UsageError` where uvicorn
    and httptools are not installed.
    """

    def __init__(
        self,
        application: Application,
        doors: Sequence[Door],
        limits: Limits | None = None,
        *,
        repeat: Repeat = none_repeats,
        denied: Denied = uncounted,
    ) -> None:
        self._limits = limits or Limits()
        self._doors = doors
        self._denied = denied
        self._repeat = repeat
        self._application = application
        self._shift: Shift | None = None
        require()

    def guests(self) -> Mapping[ListenerName, int]:
        """Return how many connections each door has; nothing while it does not serve."""
        return dict(self._shift.guests()) if self._shift else {}

    async def serve(self, stop: asyncio.Event, grace: float) -> None:
        """Serve until ``stop`` is set, then finish within ``grace`` seconds what is under way; the idle go.

        A caller who has connected before is answered once more. What is not answered by then is cut off; so is
        everything at once where this is cancelled.
        """
        from ocibroker.sidecar.shift import Shift

        reserve = Reserve(self._limits.reserve)
        rates = Rates(self._limits.rate, self._limits.burst, time.monotonic)
        gate = Gate(self._application, rates, self._limits.penalty, self._denied, self._repeat)
        self._shift = shift = Shift(gate, self._doors, self._limits, denied=self._denied, reserve=reserve)
        try:
            shift.open()
            await stop.wait()
            await shift.finish(grace)
        finally:
            await shift.cut_off()
            reserve.close()
