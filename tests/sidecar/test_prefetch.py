"""Targets that are kept fresh, in virtual time."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from ocibroker import Anonymous, Bearer, Secret, Target
from ocibroker.errors import ConnectionFailed, CredentialUnavailable, IdentityRefused, NoIdentity, OcibrokerError
from ocibroker.provider import Claim, Credential, FetchRequest, Identity, Strength
from ocibroker.sidecar.building import Building
from ocibroker.sidecar.health import Health
from ocibroker.sidecar.prefetch import SPLAY, Prefetch
from ocibroker.sidecar.succession import Succession
from tests.sidecar.stand import HOST, HOUR, NAME, TARGET, Stand, prefetching
from tests.sidecar.virtual_sleep import VirtualSleep
from tests.sidecar.waiting import until
from tests.transport.brokers import made_rule
from tests.transport.made_provider import MadeProvider, NoOptions, Plugin

Meanwhile = Callable[[Prefetch, Succession], None]


def live(stand: Stand, seconds: float, meanwhile: Meanwhile | None = None) -> VirtualSleep:
    """Keep the stand's target fresh for so long; ``meanwhile`` is called whenever time has passed."""

    async def all_of_it() -> VirtualSleep:
        succession = stand.succession()
        sleep = VirtualSleep(stand.clock, seconds)
        prefetch = Prefetch(succession, sleep=sleep, draw=lambda low, high: high)
        if meanwhile is not None:
            sleep.meanwhile = lambda: meanwhile(prefetch, succession)
        with suppress(asyncio.CancelledError):
            await prefetch.keep_fresh(TARGET)
        await succession.close(1.0)
        return sleep

    return asyncio.run(all_of_it())


def test_the_first_fetch_is_splayed(stand: Stand) -> None:
    sleep = live(stand, 60)
    assert sleep.slept[0] == SPLAY
    assert stand.provider.fetched == 1


def test_for_a_day_there_is_a_good_credential_at_any_time(stand: Stand) -> None:
    def look(prefetch: Prefetch, succession: Succession) -> None:
        if prefetch.outlooks:
            with succession.lease() as generation:
                assert generation.broker.upkeep.outlook(TARGET).usable

    live(stand, 24 * HOUR, look)
    assert 24 / 0.8 - 1 <= stand.provider.fetched <= 24 / 0.5 + 1


class TestUpstreamDown:
    @pytest.mark.fault(48)
    @pytest.mark.parametrize("policy", ["all", "any", "none"])
    def test_the_process_lives_and_says_what_it_lacks_until_it_has_it(self, stand: Stand, policy: str) -> None:
        stand.write(prefetching(NAME, more=f'ready = "{policy}"'))
        stand.failure = ConnectionFailed("broke")
        seen: list[tuple[int, int]] = []

        def look(prefetch: Prefetch, succession: Succession) -> None:
            health = Health(succession, prefetch, stand.clock)
            health.serving = True
            seen.append((health.live().status, health.ready().status))
            if len(seen) == 5:
                stand.failure = None

        live(stand, 600, look)
        assert {alive for alive, _ in seen} == {200}
        statuses = [ready for _, ready in seen[1:]]
        assert (statuses[0], statuses[-1]) == (200 if policy == "none" else 503, 200)

    def test_attempts_become_rarer(self, stand: Stand) -> None:
        stand.failure = ConnectionFailed("broke")
        live(stand, 600)
        assert 10 <= stand.provider.fetched <= 14  # 1, 2, 4, … 256 s, each between a half and the whole

    def test_what_the_other_side_asks_for_is_heeded(self, stand: Stand) -> None:
        stand.failure = ConnectionFailed("answered 429", retry_after=300)
        live(stand, 290)
        assert stand.provider.fetched == 1

    def test_who_does_not_answer_is_left_alone_more_and_more(self, stand: Stand) -> None:
        def hang(request: FetchRequest[NoOptions]) -> Credential:
            stand.clock.move(31)
            request.deadline.left()
            raise AssertionError("the deadline has passed")

        stand.instead = hang
        live(stand, HOUR)
        assert 50 <= stand.provider.fetched <= 70  # once a minute: 31 s of waiting, and a pause of about as long

    @pytest.mark.parametrize("failure", [ConnectionFailed("broke"), CredentialUnavailable("status 403")])
    def test_later_the_old_one_serves_until_its_end_and_a_new_one_afterwards(
        self, stand: Stand, failure: OcibrokerError
    ) -> None:
        began, usable = stand.clock.monotonic(), dict[int, bool]()

        def look(prefetch: Prefetch, succession: Succession) -> None:
            passed = stand.clock.monotonic() - began
            stand.failure = failure if 0.1 * HOUR < passed < 1.5 * HOUR else None
            if prefetch.outlooks:
                usable[int(passed)] = prefetch.outlooks[TARGET].usable

        live(stand, 2 * HOUR, look)
        assert all(well for at, well in usable.items() if at < HOUR - 100)
        assert not any(well for at, well in usable.items() if HOUR + 100 < at < 1.5 * HOUR)
        assert all(well for at, well in usable.items() if at > 1.6 * HOUR)

    def test_an_identity_that_is_refused_is_no_longer_usable(self, stand: Stand) -> None:
        def look(prefetch: Prefetch, _: Succession) -> None:
            stand.failure = IdentityRefused("is disabled") if prefetch.outlooks else None

        live(stand, HOUR, look)
        assert stand.provider.fetched > 1


class TestWhatDoesNotExpire:
    def test_is_fetched_once(self, stand: Stand) -> None:
        stand.instead = lambda _: Bearer(secret=Secret("for-ever"))
        sleep = live(stand, HOUR)
        assert (stand.provider.fetched, max(sleep.slept)) == (1, 60)

    def test_is_fetched_anew_when_its_file_has_changed(self, stand: Stand, tmp_path: Path) -> None:
        file = tmp_path / "password"
        file.write_text("old")
        stand.identity = lambda: Identity(("made",), watch=(file,))
        stand.instead = lambda _: Bearer(secret=Secret(file.read_text()))

        def look(prefetch: Prefetch, _: Succession) -> None:
            if prefetch.outlooks and file.read_text() == "old":
                file.write_text("exchanged")

        live(stand, 200, look)
        assert stand.provider.fetched == 2

    def test_no_identity_is_looked_for_once_a_minute(self, stand: Stand) -> None:
        def nobody(_: FetchRequest[NoOptions]) -> Credential:
            return Anonymous("there is none")  # type: ignore[return-value]  # a provider may give either

        stand.instead = nobody
        live(stand, 600)
        assert stand.provider.fetched <= 12


class TestReload:
    def test_targets_come_and_go_and_what_is_fresh_is_not_fetched_again(self, stand: Stand) -> None:
        async def work() -> None:
            succession = stand.succession()
            prefetch = Prefetch(succession, draw=lambda low, high: low)
            succession.follow(prefetch.follow)
            with succession.lease() as generation:
                prefetch.follow(generation)
            await usable(prefetch, NAME)
            other = f"other.{HOST}/app"
            stand.write(prefetching(NAME, other, rules=made_rule(HOST) + made_rule(f"*.{HOST}")))
            await succession.reload()
            await usable(prefetch, NAME, other)
            stand.write(prefetching(other, rules=made_rule(HOST) + made_rule(f"*.{HOST}")))
            await succession.reload()
            await usable(prefetch, other)
            prefetch.stop()
            await succession.close(1.0)

        asyncio.run(work())
        assert stand.provider.fetched == 2

    def test_one_target_s_trouble_is_no_other_s(self, stand: Stand) -> None:
        def identity() -> Identity:
            raise SystemExit(7)

        stand.identity = identity
        sleep = live(stand, 300)
        assert len(sleep.slept) > 5


async def usable(prefetch: Prefetch, *names: str) -> None:
    await until(lambda: {str(target) for target, stands in prefetch.outlooks.items() if stands.usable} == {*names})


class TestWhoElseMayKnow:
    """Where a provider that no rule has chosen finds no identity, the logins of other tools are looked at."""

    @pytest.fixture
    def claimed(self, stand: Stand) -> Building:
        def nobody(_: FetchRequest[NoOptions]) -> Credential:
            raise NoIdentity("there is none")

        login = base64.b64encode(b"alice:wonder").decode()
        (stand.folder / "config.json").write_text(f'{{"auths": {{"{HOST}": {{"auth": "{login}"}}}}}}')
        stand.write(prefetching(NAME, rules=""))
        cloud = MadeProvider(nobody, name="cloud", claim=lambda _: Claim(Strength.PATTERN, "it is the cloud's"))
        environ = {"DOCKER_CONFIG": str(stand.folder), "HOME": str(stand.folder)}
        return replace(stand.building, environ={**stand.building.environ, **environ}, plugins=[Plugin(cloud)])

    def test_their_login_is_kept_fresh_and_evicted(self, claimed: Building) -> None:
        with claimed(1).broker as broker:
            stands = asyncio.run(broker.upkeep.renew(TARGET))
            assert (stands.usable, stands.anonymous) == (True, False)
            assert broker.upkeep.outlook(TARGET).usable
            assert broker.upkeep.forget(TARGET)
            assert not broker.upkeep.outlook(TARGET).usable

    def test_their_login_is_refreshed(self, claimed: Building) -> None:
        with claimed(1).broker as broker:
            assert asyncio.run(broker.upkeep.refresh(TARGET)).usable

    def test_where_nobody_knows_a_refresh_says_so_and_nothing_is_usable(self, claimed: Building) -> None:
        target = Target.parse("other.test/app")
        with claimed(1).broker as broker:
            with pytest.raises(NoIdentity, match="there is none"):
                asyncio.run(broker.upkeep.refresh(target))
            assert not asyncio.run(broker.upkeep.renew(target)).usable
