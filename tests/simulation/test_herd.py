"""Five thousand nodes that start at once share the quota of one account, and none makes it worse for the others."""

from __future__ import annotations

from collections import Counter

import pytest

from ocibroker.cache.redis.lease import LIFE
from tests.simulation.herd import Herd, TokenBucket
from tests.simulation.shared_herd import SharedHerd

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


class TestWithAStoreThatAllShare:
    @pytest.mark.fault(21)
    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_one_asks_and_all_are_ready_as_soon_as_they_have_started(self, seed: int) -> None:
        herd = SharedHerd(NODES, seed)
        herd.start()
        assert (len(herd.ready), len(herd.calls)) == (NODES, 1)
        assert max(herd.ready) <= 1.5

    @pytest.mark.fault(41)
    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_where_the_one_who_asks_is_killed_another_does_when_its_lease_has_run_out(self, seed: int) -> None:
        herd = SharedHerd(NODES, seed, killed=1)
        herd.start()
        assert (len(herd.ready), len(herd.calls)) == (NODES - 1, 1)
        assert max(herd.ready) <= LIFE + 1.5

    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_while_others_have_used_up_the_quota_one_at_a_time_tries(self, seed: int) -> None:
        herd = SharedHerd(NODES, seed, bucket=TokenBucket(level=-100))
        herd.start()
        assert len(herd.ready) == NODES
        assert max(Counter(int(at) for at in herd.calls).values()) <= 6
        assert max(herd.ready) <= 15

    def test_the_store_is_not_overrun(self) -> None:
        herd = SharedHerd(NODES, 4, killed=1)
        herd.start()
        assert max(Counter(int(at) for at in herd.looks).values()) <= 6 * NODES
