"""What the admin listener answers."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from ocibroker import Bearer, Target
from ocibroker.config import Address
from ocibroker.errors import ConfigurationError, CredentialUnavailable, IdentityRefused, OcibrokerError, UsageError
from ocibroker.events import Administered, Report
from ocibroker.sidecar.admin import Actions, Endpoints, admin_endpoints
from ocibroker.sidecar.health import Health
from ocibroker.sidecar.listener import Listener
from ocibroker.sidecar.log_level import LogLevel
from ocibroker.sidecar.message import Call, Reply
from ocibroker.sidecar.metrics import Metrics
from ocibroker.sidecar.peer import Peer
from ocibroker.sidecar.prefetch import Prefetch
from ocibroker.sidecar.succession import Succession
from tests.sidecar.stand import NAME, TARGET, Stand, prefetching
from tests.sidecar.waiting import until

T = TypeVar("T")
LOGGER = "ocibroker-of-this-test"


class Desk:
    """The endpoints over one succession."""

    def __init__(self, stand: Stand, succession: Succession) -> None:
        self.health = Health(succession, Prefetch(succession), stand.clock)
        self.changed: list[Target] = []
        self.loudness = LogLevel(LOGGER, stand.clock)
        self.metrics = Metrics(stand.clock)
        report = Report(stand.events.append)
        self.actions = Actions(succession, report, self.health, self.changed.append, self.loudness)
        self.succession = succession
        self.endpoints = self.admin_endpoints(Address(host="127.0.0.1", port=9465))

    def admin_endpoints(self, address: Address) -> Endpoints:
        return admin_endpoints(address, self.health, self.metrics, self.actions)

    async def ask(self, method: str, path: str, body: object = None) -> Reply:
        call = Call(
            listener=Listener(name="admin", hosts=frozenset({"127.0.0.1:9465"})),
            peer=Peer(address="127.0.0.1"),
            method=method,
            path=path,
            headers={},
            body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        )
        return await self.endpoints[method, path](call)

    async def post(self, action: str, body: object = None) -> dict[str, object]:
        reply = await self.ask("POST", f"/v1/admin/{action}", body)
        assert reply.status == 200
        told: dict[str, object] = json.loads(reply.body)
        return told

    async def token(self) -> str:
        with self.succession.lease() as generation:
            access = await generation.broker.access_async(NAME)
        assert isinstance(access.credential, Bearer)
        return access.credential.secret.reveal()


def at_the_desk(stand: Stand, work: Callable[[Desk], Awaitable[T]]) -> T:
    async def all_of_it() -> T:
        succession = stand.succession()
        try:
            return await work(Desk(stand, succession))
        finally:
            await succession.close(0.1)

    return asyncio.run(all_of_it())


def test_health_and_metrics_may_be_asked_for(stand: Stand) -> None:
    async def work(desk: Desk) -> list[tuple[int, bytes]]:
        paths = ("/livez", "/readyz", "/startupz", "/metrics")
        return [(reply.status, reply.body) for reply in [await desk.ask("GET", path) for path in paths]]

    statuses = at_the_desk(stand, work)
    assert [status for status, _ in statuses] == [200, 503, 503, 200]
    assert b"ocibroker_build_info" in statuses[-1][1]


@pytest.mark.parametrize(
    ("host", "methods"),
    [("127.0.0.1", {"GET", "POST"}), ("::1", {"GET", "POST"}), ("0.0.0.0", {"GET"}), ("10.0.0.7", {"GET"})],
)
def test_there_are_actions_only_where_nobody_else_reaches_it(stand: Stand, host: str, methods: set[str]) -> None:
    async def work(desk: Desk) -> set[str]:
        return {method for method, _ in desk.admin_endpoints(Address(host=host, port=9465))}

    assert at_the_desk(stand, work) == methods


def test_nothing_ends_the_process(stand: Stand) -> None:
    async def work(desk: Desk) -> set[tuple[str, str]]:
        return {*desk.endpoints}

    actions = {path for method, path in at_the_desk(stand, work) if method == "POST"}
    assert actions == {
        f"/v1/admin/{action}" for action in ("reload", "evict", "refresh", "drain", "resume", "log-level")
    }


def test_reload(stand: Stand) -> None:
    async def work(desk: Desk) -> None:
        assert await desk.post("reload") == {"generation": 2}
        stand.write("garbage = 1\n")
        with pytest.raises(ConfigurationError, match="garbage"):
            await desk.post("reload")
        with desk.succession.lease() as generation:
            assert generation.number == 2

    at_the_desk(stand, work)


def test_evict(stand: Stand) -> None:
    async def work(desk: Desk) -> None:
        assert await desk.token() == "token-1"
        assert await desk.post("evict", {"target": NAME}) == {"evicted": True}
        assert await desk.post("evict", {"target": NAME}) == {"evicted": False}
        assert await desk.token() == "token-2"

    at_the_desk(stand, work)


def test_refresh(stand: Stand) -> None:
    async def work(desk: Desk) -> None:
        assert await desk.token() == "token-1"
        told = await desk.post("refresh", {"target": NAME})
        assert str(told["expires_at"]).startswith(str(stand.clock.now().date())[:4])
        assert await desk.token() == "token-2"

    at_the_desk(stand, work)


def test_drained_it_is_not_ready_until_it_resumes_and_answers_all_the_same(stand: Stand) -> None:
    async def work(desk: Desk) -> list[tuple[int, object]]:
        desk.health.serving = True
        found = []
        for action in ("resume", "drain", "reload", "drain", "resume"):
            await desk.post(action)
            ready = await desk.ask("GET", "/readyz")
            found.append((ready.status, json.loads(ready.body)["status"]))
            assert (await desk.ask("GET", "/livez")).status == 200
            assert (await desk.ask("GET", "/startupz")).status == 200
            assert await desk.token() == "token-1"
        return found

    stand.write(prefetching(NAME, more='ready = "none"'))
    assert at_the_desk(stand, work) == [(200, "ready"), *[(503, "drained")] * 3, (200, "ready")]


def test_a_process_that_ends_or_starts_says_so_first(stand: Stand) -> None:
    async def work(desk: Desk) -> list[object]:
        told = [(await desk.post("drain"))["status"]]
        desk.health.serving = desk.health.draining = True
        return [*told, (await desk.post("drain"))["status"], (await desk.post("resume"))["status"]]

    assert at_the_desk(stand, work) == ["starting", "draining", "draining"]


def test_what_is_changed_is_told_to_who_keeps_it_fresh(stand: Stand) -> None:
    async def work(desk: Desk) -> list[Target]:
        await desk.token()
        await desk.post("refresh", {"target": NAME})
        await desk.post("evict", {"target": NAME})
        return desk.changed

    assert at_the_desk(stand, work) == [TARGET, TARGET]


def test_the_log_is_turned_up_for_a_while(stand: Stand) -> None:
    async def work(desk: Desk) -> None:
        logger = logging.getLogger(LOGGER)
        logger.setLevel(logging.WARNING)
        told = await desk.post("log-level", {"level": "debug", "seconds": 60})
        assert told["level"] == "debug"
        assert (logger.level, desk.loudness.name) == (logging.DEBUG, "debug")
        await desk.post("log-level", {"level": "info", "seconds": 0.02})
        assert logger.level == logging.INFO
        await until(lambda: desk.loudness.until is None)
        assert logger.level == logging.WARNING

    at_the_desk(stand, work)
    assert str(stand.told(Administered)[0]) == "127.0.0.1 asked for: log-level debug for 60 s"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"level": "trace", "seconds": 1}',
        b'{"level": "debug"}',
        b'{"level": "debug", "seconds": 0}',
        b'{"level": "debug", "seconds": 3601}',
        b'{"level": "debug", "seconds": 1, "x": 1}',
        b"[" * 99999,
    ],
)
def test_a_body_that_is_no_level_is_refused(stand: Stand, body: bytes) -> None:
    with pytest.raises(UsageError, match="the body is no level and seconds"):
        at_the_desk(stand, lambda desk: desk.post("log-level", body))


@pytest.mark.parametrize("failure", [CredentialUnavailable("denied"), IdentityRefused("is disabled")])
def test_a_refresh_that_fails_leaves_what_there_is(stand: Stand, failure: OcibrokerError) -> None:
    async def work(desk: Desk) -> None:
        assert await desk.token() == "token-1"
        stand.failure = failure
        with pytest.raises(type(failure)):
            await desk.post("refresh", {"target": NAME})
        assert await desk.token() == "token-1"
        with desk.succession.lease() as generation:
            assert generation.broker.upkeep.outlook(TARGET).failures == 0

    at_the_desk(stand, work)


@pytest.mark.parametrize("action", ["evict", "refresh"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"target": 7}',
        b'{"target": ""}',
        b'{"target": "registry.test/app", "x": 1}',
        b"[" * 99999,
    ],
    ids=["nothing", "list", "empty", "number", "empty target", "more", "deep"],
)
def test_a_body_that_is_no_target_is_refused(stand: Stand, action: str, body: bytes) -> None:
    with pytest.raises(UsageError, match="the body is no target"):
        at_the_desk(stand, lambda desk: desk.post(action, body))


@pytest.mark.parametrize("action", ["evict", "refresh"])
@pytest.mark.parametrize("name", ["evil.example/app", "123456789012.dkr.ecr.eu-west-1.amazonaws.com"])
def test_what_the_configuration_does_not_name_is_refused(stand: Stand, action: str, name: str) -> None:
    with pytest.raises(UsageError, match="is named by no rule and not by prefetch"):
        at_the_desk(stand, lambda desk: desk.post(action, {"target": name}))
    assert stand.provider.fetched == 0


def test_each_action_is_written_down_with_who_asked_and_what_came_of_it(stand: Stand) -> None:
    async def work(desk: Desk) -> None:
        await desk.post("reload")
        stand.failure = CredentialUnavailable("denied")
        with pytest.raises(CredentialUnavailable):
            await desk.post("refresh", {"target": NAME})
        await desk.post("evict", {"target": NAME})

    at_the_desk(stand, work)
    lines = [str(event) for event in stand.told(Administered)]
    assert lines == [
        "127.0.0.1 asked for: reload",
        f"127.0.0.1 asked for: refresh {TARGET}: CredentialUnavailable",
        f"127.0.0.1 asked for: evict {TARGET}",
    ]
