"""Since when the verdict is what it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

from ocibroker.api.status import Verdict
from ocibroker.clock import Clock
from ocibroker.sidecar.prefetch import Sleep
from ocibroker.sidecar.status.judgement import Judgement
from ocibroker.sidecar.status.record import Record

EVERY: Final = 5.0
"""Seconds between two looks, where nobody asks."""


class Course:
    """Takes a turn whenever the standing is another one, and has ``record`` remember it."""

    def __init__(self, judge: Callable[[], Judgement], record: Record, clock: Clock) -> None:
        self._judge = judge
        self._record = record
        self._clock = clock
        self._last: Judgement | None = None
        self._since: datetime = clock.now()

    def verdict(self) -> Verdict:
        """Return the verdict as of now."""
        now = self._judge()
        if self._last is None or self._last.standing != now.standing:
            self._since = self._clock.now()
            self._record.note("verdict", f"{now.standing}: {now.reason}")
        self._last = now
        return Verdict(standing=now.standing, reason=now.reason, since=self._since, cure=now.cure)

    async def keep(self, sleep: Sleep = asyncio.sleep) -> None:
        """Look again and again until cancelled."""
        while True:
            self.verdict()
            await sleep(EVERY)
