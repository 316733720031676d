"""Health: of the process itself, and of nobody else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import cast

import pytest

from ocibroker.outlook import Outlook
from ocibroker.sidecar.health import Health
from ocibroker.sidecar.message import Reply
from ocibroker.sidecar.prefetch import Prefetch
from tests.sidecar.stand import NAME, TARGET, Stand, prefetching

GOOD, BAD = Outlook(usable=True), Outlook()
ANYBODY, NOBODY = Outlook(usable=True, anonymous=True), Outlook(usable=True, anonymous=True, nobody=True)


def asked(stand: Stand, outlooks: dict[str, Outlook], ask: Callable[[Health], Reply], policy: str = "any") -> Reply:
    class Kept:
        @property
        def outlooks(self) -> dict[str, Outlook]:
            return outlooks

    async def work() -> Reply:
        stand.write(prefetching(NAME, more=f'ready = "{policy}"'))
        succession = stand.succession()
        health = Health(succession, cast("Prefetch", Kept()), stand.clock)
        health.serving = True
        try:
            return ask(health)
        finally:
            await succession.close(0.1)

    return asyncio.run(work())


@pytest.mark.parametrize(("stands", "status"), [(ANYBODY, 200), (NOBODY, 503)])
def test_anonymous_access_is_ready_where_somebody_meant_it(stand: Stand, stands: Outlook, status: int) -> None:
    assert asked(stand, {NAME: stands}, Health.ready).status == status


@pytest.mark.parametrize(
    ("policy", "outlooks", "status"),
    [
        ("any", [GOOD, BAD], 200),
        ("any", [BAD, BAD], 503),
        ("all", [GOOD, BAD], 503),
        ("all", [GOOD, GOOD], 200),
        ("none", [BAD, BAD], 200),
        ("any", [], 200),
        ("all", [], 200),
    ],
)
def test_ready_is_by_policy(stand: Stand, policy: str, outlooks: list[Outlook], status: int) -> None:
    kept = {f"registry.test/{at}": outlook for at, outlook in enumerate(outlooks)}
    reply = asked(stand, kept, Health.ready, policy)
    assert reply.status == status
    told = json.loads(reply.body)
    assert told["targets"] == {name: outlook.usable for name, outlook in kept.items()}
    assert told["policy"] == policy


def test_what_has_ended_since_it_was_looked_at_is_not_usable(stand: Stand) -> None:
    ended = Outlook(usable=True, expires_at=stand.clock.now() - timedelta(seconds=1))
    assert asked(stand, {NAME: ended}, Health.ready).status == 503


def test_a_failing_target_with_a_good_credential_is_ready(stand: Stand) -> None:
    degraded = Outlook(usable=True, expires_at=stand.clock.now() + timedelta(seconds=60), failures=7)
    assert asked(stand, {NAME: degraded}, Health.ready).status == 200


def test_who_drains_is_not_ready_and_lives(stand: Stand) -> None:
    def ask(health: Health) -> Reply:
        health.draining = True
        assert (health.live().status, health.startup().status) == (200, 200)
        return health.ready()

    reply = asked(stand, {NAME: GOOD}, ask)
    assert (reply.status, json.loads(reply.body)["status"]) == (503, "draining")


def test_who_does_not_serve_yet_has_not_started(stand: Stand) -> None:
    def ask(health: Health) -> Reply:
        health.serving = False
        assert (health.live().status, health.ready().status) == (200, 503)
        return health.startup()

    assert asked(stand, {NAME: GOOD}, ask).status == 503


def test_nobody_is_asked_for_it(stand: Stand) -> None:
    asked(stand, {str(TARGET): BAD}, Health.ready)
    assert stand.provider.fetched == 0
