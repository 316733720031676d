"""The machine's own clocks."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from ocibroker.clock import SystemClock


def test_the_wall_clock_is_aware_and_in_utc() -> None:
    before = datetime.now(UTC)
    now = SystemClock().now()
    assert before <= now <= datetime.now(UTC)
    assert now.tzinfo is UTC


def test_the_other_clock_never_goes_backwards() -> None:
    before = time.monotonic()
    assert before <= SystemClock().monotonic() <= time.monotonic()
