"""One configuration follows another, and no caller notices."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ocibroker import Anonymous, Bearer, Broker, Credential, Secret
from ocibroker.errors import (
    ConfigurationError,
    CredentialUnavailable,
    OcibrokerError,
    ProviderUnavailable,
    TLSConfigurationError,
    TLSFailed,
)
from ocibroker.events import Reloaded, Report
from ocibroker.provider import Claim, FetchRequest, Identity, Strength
from ocibroker.sidecar.generation import Generation
from ocibroker.sidecar.succession import Succession
from tests.sidecar.stand import HOST, NAME, Stand, prefetching
from tests.sidecar.waiting import until
from tests.transport.brokers import made_rule
from tests.transport.made_provider import MadeProvider, NoOptions, Plugin

GARBAGE_CA = f'[[tls]]\nmatch = "{HOST}"\nca = ["garbage.pem"]\n'
NO_PLUGIN = '[plugins]\nenable = ["not-installed"]\n'
WRONG: dict[str, tuple[str, type[OcibrokerError]]] = {
    "no TOML": ("[[registry", ConfigurationError),
    "unknown key": (f"{made_rule(HOST)}colour = 1\n", ConfigurationError),
    "unknown provider": (made_rule(HOST, provider="nobody"), ConfigurationError),
    "garbage for an authority": (GARBAGE_CA + made_rule(HOST), TLSConfigurationError),
    "no such authority": (GARBAGE_CA.replace("garbage", "missing") + made_rule(HOST), TLSConfigurationError),
    "a plugin that is not there": (NO_PLUGIN + made_rule(HOST), ProviderUnavailable),
    "a target that is none": (prefetching("http://no target"), OcibrokerError),
}


def run(stand: Stand, work: Callable[[Succession], Coroutine[Any, Any, None]]) -> None:
    async def all_of_it() -> None:
        succession = stand.succession()
        try:
            await work(succession)
        finally:
            await succession.close(1.0)

    asyncio.run(all_of_it())


async def token(succession: Succession) -> str:
    with succession.lease() as generation:
        access = await generation.broker.access_async(NAME)
    assert isinstance(access.credential, Bearer)
    return access.credential.secret.reveal()


def closed(broker: Broker) -> bool:
    return "the broker is closed" in str(broker.explain(NAME).error)


@pytest.mark.fault(24)
@pytest.mark.parametrize(("text", "kind"), WRONG.values(), ids=WRONG)
def test_a_wrong_configuration_leaves_the_old_one_serving_and_says_so(
    stand: Stand, text: str, kind: type[OcibrokerError]
) -> None:
    (stand.folder / "garbage.pem").write_text("no certificate")

    async def work(succession: Succession) -> None:
        assert await token(succession) == "token-1"
        stand.write(text)
        with pytest.raises(kind) as caught:
            await succession.reload()
        assert await token(succession) == "token-1"
        assert str(succession.standing.failure) == str(caught.value)
        assert (succession.standing.number, stand.told(Reloaded)[-1].generation) == (1, 1)
        stand.write(prefetching(NAME))
        assert (await succession.reload()).number == 2
        assert succession.standing.failure is None
        assert await token(succession) == "token-1"

    run(stand, work)


@pytest.mark.fault(24)
def test_what_raises_anything_while_it_is_built_leaves_the_old_one_serving(stand: Stand) -> None:
    def build(number: int, before: Generation | None) -> Generation:
        if before is None:
            return stand.building(number)
        raise SystemExit(7)

    async def work() -> None:
        first = build(1, None)
        succession = Succession(first, build, clock=stand.clock, report=Report())
        with pytest.raises(CredentialUnavailable, match="SystemExit"):
            await succession.reload()
        assert await token(succession) == "token-1"
        await succession.close(1.0)

    asyncio.run(work())


@pytest.mark.fault(30)
def test_two_providers_that_claim_a_target_equally_are_no_configuration_to_serve(stand: Stand) -> None:
    def claiming(name: str) -> MadeProvider:
        return MadeProvider(lambda _: Anonymous(name), name=name, claim=lambda _: Claim(Strength.EXACT, "ours"))

    stand.write(prefetching(NAME, rules=""))
    with pytest.raises(ConfigurationError, match="claim it equally"):
        replace(stand.building, plugins=[Plugin(claiming("one"), claiming("other"))])(1)


@pytest.mark.fault(25)
def test_fifty_callers_do_not_notice_twenty_reloads(stand: Stand) -> None:
    failures: list[BaseException] = []
    brokers: list[Broker] = []
    done = asyncio.Event()

    async def call(succession: Succession) -> None:
        while not done.is_set():
            with succession.lease() as generation:
                await asyncio.sleep(0)
                try:
                    access = await generation.broker.access_async(NAME)
                    if access is not generation.broker.access(NAME):
                        failures.append(AssertionError("another generation's access"))
                except BaseException as error:  # noqa: BLE001  # every failure counts
                    failures.append(error)
            await asyncio.sleep(0)

    async def work(succession: Succession) -> None:
        callers = [asyncio.create_task(call(succession)) for _ in range(50)]
        for at in range(20):
            with succession.lease() as generation:
                brokers.append(generation.broker)
            stand.write(prefetching(NAME, more=f"grace = {at}.0"))
            await succession.reload()
        done.set()
        await asyncio.gather(*callers)
        await until(lambda: all(map(closed, brokers)))
        assert not closed(served(succession).broker)

    run(stand, work)
    assert (failures, stand.provider.fetched) == ([], 1)


def served(succession: Succession) -> Generation:
    with succession.lease() as generation:
        return generation


@pytest.mark.fault(25)
def test_the_old_broker_is_closed_after_its_last_user(stand: Stand) -> None:
    async def work(succession: Succession) -> None:
        with succession.lease() as old:
            await succession.reload()
            await asyncio.sleep(0.02)
            assert not closed(old.broker)
            assert served(succession).number == 2
        await until(lambda: closed(old.broker))

    run(stand, work)


@pytest.mark.fault(25)
def test_the_old_broker_outlasts_a_fetch_that_nobody_waits_for(stand: Stand) -> None:
    go, begun = threading.Event(), threading.Event()

    def wait(_: FetchRequest[NoOptions]) -> Credential:
        begun.set()
        assert go.wait(10)
        return Bearer(secret=Secret("late"))

    async def work(succession: Succession) -> None:
        stand.instead = wait
        with succession.lease() as old:
            waiting = asyncio.create_task(old.broker.access_async(NAME))
            await asyncio.to_thread(begun.wait, 10)
            waiting.cancel()
            with suppress(asyncio.CancelledError):
                await waiting
        await succession.reload()
        await asyncio.sleep(0.02)
        assert not closed(old.broker)
        go.set()
        await until(lambda: closed(old.broker))
        assert await token(succession) == "late"  # it was fetched by the one, and is remembered by the other

    run(stand, work)


class TestWhatIsRemembered:
    def test_survives(self, stand: Stand) -> None:
        async def work(succession: Succession) -> None:
            await token(succession)
            await succession.reload()
            assert await token(succession) == "token-1"

        run(stand, work)

    def test_is_nobody_else_s(self, stand: Stand, tmp_path: Path) -> None:
        """Another identity, other options, another trust: nothing of the old one is found."""
        who = ["alice"]
        stand.identity = lambda: Identity((*who,))

        async def work(succession: Succession) -> None:
            assert await token(succession) == "token-1"
            who[:] = ["bob"]
            await succession.reload()
            assert await token(succession) == "token-2"
            ca = tmp_path / "ca.pem"
            ca.write_bytes(stand.roots.read_bytes())
            stand.write(f'[[tls]]\nmatch = "{HOST}"\nca = ["{ca}"]\n{made_rule(HOST)}')
            await succession.reload()
            assert await token(succession) == "token-3"

        run(stand, work)

    def test_so_does_who_has_just_failed(self, stand: Stand) -> None:
        async def work(succession: Succession) -> None:
            stand.failure = CredentialUnavailable("denied", retry_after=60)
            for _ in range(3):
                with pytest.raises(CredentialUnavailable, match="denied"):
                    await token(succession)
                await succession.reload()
            assert stand.provider.fetched == 1

        run(stand, work)

    def test_but_not_where_the_trust_of_any_host_is_another_by_now(self, stand: Stand) -> None:
        """It may have been a token endpoint's that was wrong."""

        async def work(succession: Succession) -> None:
            stand.failure = TLSFailed("the issuer is not trusted", retry_after=60)
            with pytest.raises(TLSFailed):
                await token(succession)
            stand.failure = None
            stand.write(f'[[tls]]\nmatch = "tokens.test"\nca = ["{stand.roots}"]\n{made_rule(HOST)}')
            await succession.reload()
            assert await token(succession) == "token-2"

        run(stand, work)


@pytest.mark.parametrize(
    ("more", "warnings"),
    [
        ('socket = "/run/elsewhere/broker.sock"', 1),
        ('mode = "0666"', 1),
        ('admin = "127.0.0.1:9465"', 1),
        ("grace = 3", 1),
        ('targets = ["registry.test"]', 0),
        ('mode = "0666"\nallow_uids = [54321]', 1),
    ],
)
def test_what_needs_a_restart_is_warned_of_by_its_key_until_then(
    stand: Stand, caplog: pytest.LogCaptureFixture, more: str, warnings: int
) -> None:
    async def work(succession: Succession) -> None:
        stand.write(prefetching(NAME, more=more))
        await succession.reload()
        await succession.reload()

    run(stand, work)
    key = more.partition(" ")[0]
    told = [record.getMessage() for record in caplog.records if "until the next start" in record.getMessage()]
    assert told == [f"sidecar.{key}: as at the start until the next start"] * 2 * warnings


def test_at_the_end_who_still_has_a_lease_is_waited_for_only_so_long(stand: Stand) -> None:
    async def work() -> None:
        succession = stand.succession()
        with succession.lease() as generation:
            await succession.close(0.01)
            assert closed(generation.broker)

    asyncio.run(work())


def test_who_follows_is_told_of_each_generation(stand: Stand) -> None:
    async def work(succession: Succession) -> None:
        followed: list[int] = []
        succession.follow(lambda generation: followed.append(generation.number))
        for _ in range(3):
            await succession.reload()
        assert followed == [2, 3, 4]

    run(stand, work)
