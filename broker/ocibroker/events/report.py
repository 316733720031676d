"""Telling of an event: one line of the log, and one call of whoever observes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from ocibroker.events.event import Event

Observe = Callable[[Event], None]
"""Is told of every event, in whatever thread it happens, and returns at once."""

_LOG: Final = logging.getLogger("ocibroker.events")


class Report:
    """Tells the log and ``observe``; one that raises harms nobody, and is complained of once."""

    __slots__ = ("_complained", "_observe")

    def __init__(self, observe: Observe | None = None) -> None:
        self._observe = observe
        self._complained = False

    def wanted(self, level: int) -> bool:
        """Whether anybody would be told of an event of that level, so that none is made for nobody."""
        return self._observe is not None or _LOG.isEnabledFor(level)

    def __call__(self, event: Event) -> None:
        """Tell of ``event``."""
        if _LOG.isEnabledFor(event.level):
            _LOG.log(event.level, "%s", event, extra={"event": event})
        if self._observe is None:
            return
        try:
            self._observe(event)
        except (KeyboardInterrupt, MemoryError):
            raise
        except BaseException as error:  # noqa: BLE001  # whatever it is, it is not the caller's
            self._complain(type(error).__name__)

    def _complain(self, kind: str) -> None:
        if not self._complained:
            self._complained = True
            _LOG.warning("who observes the broker raised %s", kind)
