"""How much is logged, for a while: what somebody turned up to find a fault does not stay so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, Literal

from ocibroker.clock import Clock, SystemClock

LevelName = Literal["debug", "info", "warning", "error"]
LEVELS: Final[Mapping[LevelName, int]] = MappingProxyType(
    {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
)
LONGEST: Final = 3600.0
"""Seconds after which it is as before in any case."""


class LogLevel:
    """The level of our own loggers; those of other libraries, which print tokens, are never turned up.

    It belongs to one event loop.
    """

    def __init__(self, logger: str = "ocibroker", clock: Clock | None = None) -> None:
        self._logger = logging.getLogger(logger)
        self._clock = clock or SystemClock()
        self._before: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.until: datetime | None = None
        """When it is as before again; none while it is as it was started."""

    @property
    def name(self) -> str:
        """The level as it is now."""
        return logging.getLevelName(self._logger.getEffectiveLevel()).lower()

    def set(self, level: LevelName, seconds: float) -> datetime:
        """Log from ``level`` on for so many seconds, and return when that ends; what was set before is over."""
        if self._timer is not None:
            self._timer.cancel()
        if self._before is None:
            self._before = self._logger.level
        self._logger.setLevel(LEVELS[level])
        self._timer = asyncio.get_running_loop().call_later(seconds, self.revert)
        self.until = self._clock.now() + timedelta(seconds=seconds)
        return self.until

    def revert(self) -> None:
        """Log as at the start."""
        if self._timer is not None:
            self._timer.cancel()
        if self._before is not None:
            self._logger.setLevel(self._before)
        self._before = self._timer = self.until = None
