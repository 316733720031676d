"""Five thousand nodes that start at once share the quota of one account, and none makes it worse for the others."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.simulation.herd import Herd

NODES = 5_000
LEAST = (NODES - 200) / 20
"""Seconds: nobody can be quicker than the quota."""


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_all_are_ready_soon_after_the_quota_allows(seed: int) -> None:
    herd = Herd(NODES, seed)
    herd.start()
    assert len(herd.ready) == NODES
    assert LEAST <= max(herd.ready) <= 1.4 * LEAST
    assert len(herd.calls) <= 8 * NODES


def test_the_rush_of_the_first_seconds_does_not_come_back() -> None:
    herd = Herd(NODES, 4)
    herd.start()
    by_second = Counter(int(at) for at in herd.calls)
    assert max(calls for second, calls in by_second.items() if second >= 60) <= 0.05 * NODES


def test_within_the_burst_nobody_waits() -> None:
    herd = Herd(200, 5)
    herd.start()
    assert (len(herd.calls), max(herd.ready) <= 1.0) == (200, True)
