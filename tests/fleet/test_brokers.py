"""Brokers on several machines: who shares with whom, and that nobody ever waits for the store."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from ocibroker import Bearer, Broker, Secret, Target
from ocibroker.deadline import Deadline
from ocibroker.errors import ContractViolation, IdentityRefused
from ocibroker.provider import Credential, FetchRequest, Identity, Options, SecretRef
from tests.fleet.machines import KEY, Fleet
from tests.providers.stub import Stub
from tests.settled import settled
from tests.transport.brokers import made_rule
from tests.transport.hand_clock import HandClock
from tests.transport.made_provider import MadeProvider, NoOptions

pytestmark = pytest.mark.e2e

RULE = made_rule("registry.test")
TARGET = "registry.test/app"
ROLE = Identity(("arn:aws:iam::123456789012:role/pull", "eu-west-1"), reach="global")
PROFILE = Identity(("profile default", "eu-west-1"))


def giving(secret: str, identity: Identity = ROLE, life: float = 3600.0) -> MadeProvider:
    def fetch(request: FetchRequest[NoOptions]) -> Credential:
        expires = request.clock.now() + timedelta(seconds=life)
        return Bearer(secret=Secret(secret), expires_at=expires)

    return MadeProvider(fetch, identity=lambda: identity)


def secret(broker: Broker, **settings: float) -> str:
    credential = broker.access(TARGET, **settings).credential  # type: ignore[arg-type]
    assert isinstance(credential, Bearer)
    return credential.secret.reveal()


def machine(fleet: Fleet, provider: MadeProvider) -> Broker:
    return fleet.broker(provider, RULE, store=fleet.store())


class TestSealing:
    def test_the_key_of_new_entries_is_told_by_the_id_that_stands_in_front_of_them(self, fleet: Fleet) -> None:
        broker = machine(fleet, giving("a"))
        secret(broker)
        told = broker.upkeep.sealing()
        assert fleet.server.ask("GETRANGE", fleet.entry(), 1, 16).decode() == told
        assert len(told) == 16
        assert KEY not in told

    def test_another_key_has_another_id_and_the_previous_one_does_not_count(self, fleet: Fleet) -> None:
        old, new = fleet.store(), fleet.store(encryption_key='{ env = "OTHER_KEY" }')
        both = fleet.store(encryption_key='{ env = "OTHER_KEY" }', previous_encryption_key='{ env = "KEY" }')
        assert both.sealing == new.sealing != old.sealing

    def test_where_nothing_is_sealed_there_is_none(self, fleet: Fleet) -> None:
        assert fleet.broker(giving("a"), RULE).upkeep.sealing() == ""


class TestWhoShares:
    def test_an_account_that_means_the_same_everywhere_is_asked_for_once(self, fleet: Fleet) -> None:
        first, second = giving("of-the-first"), giving("of-the-second")
        assert [secret(machine(fleet, one)) for one in (first, second)] == ["of-the-first"] * 2
        assert (first.fetched, second.fetched) == (1, 0)

    @pytest.mark.acceptance(31)
    def test_two_machines_with_the_same_profile_never_share(self, fleet: Fleet) -> None:
        first, second = giving("of-the-first", PROFILE), giving("of-the-second", PROFILE)
        assert [secret(machine(fleet, one)) for one in (first, second)] == ["of-the-first", "of-the-second"]
        assert fleet.names() == []

    def test_two_machines_with_an_identity_token_each_never_share(self, fleet: Fleet) -> None:
        class Keyed(Options, frozen=True, kw_only=True):
            token: SecretRef

        text = f'{RULE}options = {{ token = {{ google_identity = {{ audience = "sts" }} }} }}\n'
        found = []
        for name in ("first", "second"):
            stub = Stub("made", identifies=lambda _: ROLE, fetches=giving(f"of-the-{name}").fetch, options=Keyed)
            found.append(secret(fleet.broker(stub, text, store=fleet.store())))
        assert (found, fleet.names()) == (["of-the-first", "of-the-second"], [])

    def test_two_accounts_never_share(self, fleet: Fleet) -> None:
        other = Identity(("arn:aws:iam::123456789012:role/push", "eu-west-1"), reach="global")
        assert secret(machine(fleet, giving("of-one"))) == "of-one"
        assert secret(machine(fleet, giving("of-the-other", other))) == "of-the-other"

    def test_files_that_look_different_on_each_machine_part_nobody(self, fleet: Fleet) -> None:
        providers = []
        for name in ("first", "second"):
            path = fleet.folder / name
            path.write_text(name)
            providers.append(giving(f"of-the-{name}", replace(ROLE, watch=(path,))))
        assert [secret(machine(fleet, one)) for one in providers] == ["of-the-first"] * 2

    @pytest.mark.parametrize(("bound", "found"), [(True, "of-the-second"), (False, "of-the-first")])
    def test_what_is_for_one_host_is_not_given_to_another(self, fleet: Fleet, found: str, *, bound: bool) -> None:
        identity = replace(ROLE, host_bound=bound)
        assert secret(machine(fleet, giving("of-the-first", identity))) == "of-the-first"
        other = fleet.broker(giving("of-the-second", identity), made_rule("other.test"), store=fleet.store())
        assert other.access("other.test/app").headers() == {"Authorization": f"Bearer {found}"}

    def test_machines_that_trust_otherwise_never_share(self, fleet: Fleet) -> None:
        assert secret(machine(fleet, giving("of-the-first"))) == "of-the-first"
        insecure = RULE + '[[tls]]\nmatch = "registry.test"\ninsecure = true\n'
        assert secret(fleet.broker(giving("of-the-second"), insecure, store=fleet.store())) == "of-the-second"

    def test_the_configuration_alone_brings_it_about(self, fleet: Fleet) -> None:
        text = RULE + fleet.table(store=f'"redis://127.0.0.1:{fleet.server.plain_port}"')
        providers = [giving("of-the-first"), giving("of-the-second")]
        for provider in providers:
            with fleet.broker(provider, text) as broker:
                assert secret(broker) == "of-the-first"
                assert broker.explain(TARGET).cache.startswith("until ")
        assert fleet.server.clients() <= 1

    def test_an_account_that_is_revoked_is_dropped_for_all(self, fleet: Fleet) -> None:
        assert secret(machine(fleet, giving("of-the-first"))) == "of-the-first"

        def refuse(_: FetchRequest[NoOptions]) -> Credential:
            raise IdentityRefused("is disabled")

        with pytest.raises(IdentityRefused):
            machine(fleet, MadeProvider(refuse, identity=lambda: ROLE)).access(TARGET, fresh=True)
        assert fleet.names() == []


def test_what_is_evicted_is_found_by_nobody(fleet: Fleet) -> None:
    one = machine(fleet, giving("of-the-first"))
    assert secret(one) == "of-the-first"
    assert one.upkeep.forget(Target.parse(TARGET))
    assert fleet.names() == []
    assert secret(machine(fleet, giving("of-the-second"))) == "of-the-second"


def test_explain_asks_nobody_and_says_so(fleet: Fleet) -> None:
    assert secret(machine(fleet, giving("of-the-first"))) == "of-the-first"
    text = RULE + fleet.table() + fleet.trust()
    before = fleet.server.ask("INFO", "stats")
    told = fleet.broker(giving("of-the-second"), text).explain(TARGET)
    assert told.cache == f"rediss://fleet-cache.test:{fleet.server.port}/0 is not asked here"
    assert fleet.broker(giving("x", PROFILE), text).explain(TARGET).cache == "empty"
    assert connections(before) + 1 == connections(fleet.server.ask("INFO", "stats"))


def connections(stats: bytes) -> int:
    """Return how many connections there have been."""
    (line,) = (line for line in stats.splitlines() if line.startswith(b"total_connections_received:"))
    return int(line.partition(b":")[2])


@pytest.mark.fault(41)
class TestAValidToken:
    """Who has one waits neither for another's turn nor for a store."""

    def due(self, fleet: Fleet, clock: HandClock) -> Broker:
        store = fleet.store(clock=clock)
        broker = fleet.broker(giving("first"), RULE, store=store, clock=clock)
        assert secret(broker) == "first"
        clock.move(3000)
        return broker

    def test_while_another_has_the_lease(self, fleet: Fleet) -> None:
        clock = HandClock()
        broker = self.due(fleet, clock)
        with fleet.store().turn(self.key(fleet), Deadline.after(60)):
            begun = time.monotonic()
            assert secret(broker) == "first"
            assert time.monotonic() - begun < 1.0

    def test_while_the_store_answers_nothing(self, fleet: Fleet) -> None:
        clock = HandClock()
        broker = self.due(fleet, clock)
        fleet.server.hold()
        try:
            begun = time.monotonic()
            assert secret(broker) == "first"
            assert time.monotonic() - begun < 1.0
        finally:
            fleet.server.go_on()

    @staticmethod
    def key(fleet: Fleet) -> str:
        (record,) = fleet.store().records()
        return record.key


@pytest.mark.fault(40)
def test_a_new_machine_works_while_the_store_answers_nothing(fleet: Fleet) -> None:
    text = RULE + fleet.table() + fleet.trust()
    fleet.server.hold()
    try:
        begun = time.monotonic()
        assert secret(fleet.broker(giving("its-own"), text)) == "its-own"
        assert time.monotonic() - begun < 1.0
    finally:
        fleet.server.go_on()


def test_what_a_registry_has_refused_is_dropped_for_all(fleet: Fleet) -> None:
    provider = giving("refused")
    broker = machine(fleet, provider)
    access = broker.access(TARGET)
    assert len(fleet.names()) == 1
    inquiry = broker._whole.inquire(access.target, None)
    assert isinstance(access.credential, Bearer)
    assert broker._whole.answers.known.renews(inquiry, access.credential)
    assert settled(lambda: fleet.names() == [])


@pytest.mark.fault(46)
def test_where_memory_runs_out_that_request_fails_and_the_lease_is_given_back(fleet: Fleet) -> None:
    outcomes: list[Callable[[], str]] = [lambda: "good"]

    def starve() -> str:
        raise MemoryError

    outcomes.append(starve)

    def fetch(request: FetchRequest[NoOptions]) -> Credential:
        text = outcomes.pop()()
        return Bearer(secret=Secret(text), expires_at=request.clock.now() + timedelta(hours=1))

    broker = machine(fleet, MadeProvider(fetch, identity=lambda: ROLE))
    with pytest.raises(ContractViolation, match="raised MemoryError"):
        broker.access(TARGET)
    assert fleet.names() == []
    assert isinstance((good := broker.access(TARGET, fresh=True).credential), Bearer)
    assert good.secret.reveal() == "good"
