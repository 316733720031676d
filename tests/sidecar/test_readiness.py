"""Readiness: what was evicted, refreshed or fetched for a caller counts at once; what nobody knows never does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

from ocibroker import Anonymous, Broker, Credential, Target
from ocibroker.outlook import Outlook
from ocibroker.sidecar.prefetch import Prefetch
from tests.sidecar.stand import NAME, TARGET, Stand, prefetching
from tests.sidecar.waiting import until

T = TypeVar("T")


def test_a_target_that_nobody_knows_is_not_ready(stand: Stand) -> None:
    stand.write(prefetching("registry.mistyped.test/app", rules=""))
    stands = renewed(stand, Target.parse("registry.mistyped.test/app"))
    assert (stands.usable, stands.anonymous, stands.nobody) == (True, True, True)


def test_anonymous_access_that_a_rule_means_is_ready(stand: Stand) -> None:
    stand.instead = lambda _: cast("Credential", Anonymous("it is public"))
    stands = renewed(stand, TARGET)
    assert (stands.usable, stands.anonymous, stands.nobody) == (True, True, False)


def renewed(stand: Stand, target: Target) -> Outlook:
    async def work() -> Outlook:
        succession = stand.succession()
        with succession.lease() as generation:
            stands = await generation.broker.upkeep.renew(target)
        await succession.close(0.1)
        return stands

    return asyncio.run(work())


def test_what_a_caller_had_fetched_is_there_before_its_turn_has_come(stand: Stand) -> None:
    async def work(prefetch: Prefetch, broker: Broker) -> None:
        await broker.access_async(NAME)
        prefetch.heard(stand.events[0])
        await until(lambda: prefetch.outlooks[TARGET].usable)

    prefetching_one(stand, work, splay=60.0)
    assert stand.provider.fetched == 1


def test_what_was_evicted_is_not_usable_at_once_and_fetched_anew(stand: Stand) -> None:
    async def work(prefetch: Prefetch, broker: Broker) -> None:
        await until(lambda: prefetch.outlooks[TARGET].usable)
        broker.upkeep.forget(TARGET)
        prefetch.look_again(TARGET)
        assert not prefetch.outlooks[TARGET].usable
        await until(lambda: prefetch.outlooks[TARGET].usable)

    prefetching_one(stand, work)
    assert stand.provider.fetched == 2


def test_who_is_gone_is_told_nothing(stand: Stand) -> None:
    async def work(prefetch: Prefetch, _: Broker) -> Prefetch:
        await until(lambda: bool(stand.events))
        return prefetch

    left = prefetching_one(stand, work)
    left.heard(stand.events[0])


def prefetching_one(stand: Stand, work: Callable[[Prefetch, Broker], Awaitable[T]], splay: float = 0.0) -> T:
    async def all_of_it() -> T:
        succession = stand.succession()
        prefetch = Prefetch(succession, draw=lambda low, high: min(high, splay))
        with succession.lease() as generation:
            prefetch.follow(generation)
            try:
                found = await work(prefetch, generation.broker)
            finally:
                prefetch.stop()
        await succession.close(0.1)
        return found

    return asyncio.run(all_of_it())
