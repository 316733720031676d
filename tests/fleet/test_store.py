"""What a fleet shares: sealed, its own, the newest; and nothing that goes wrong in it is in the way."""

from __future__ import annotations

import logging
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from ocibroker import Anonymous, Basic, Bearer, Secret
from ocibroker.cache import Entry, Moment
from ocibroker.cache.record import LARGEST
from ocibroker.clock import SystemClock
from ocibroker.deadline import Deadline
from ocibroker.errors import ConnectionFailed
from tests.fleet.machines import Fleet
from tests.fleet.redis_server import NAME, RedisServer
from tests.settled import settled
from tests.transport.hand_clock import HandClock
from tests.transport.raw_server import RawServer, Script, raw

pytestmark = pytest.mark.e2e

KEY, OTHER = "a" * 64, "b" * 64
SECRET = "c4n4ry-of-the-fleet"
SOON = 0.45
"""Seconds in which a look that may take 0.1 s is over, on a machine that has other things to do."""


def now() -> Moment:
    return Moment.now(SystemClock())


def kept(hours: float = 12.0, secret: str = SECRET, at: Moment | None = None) -> Entry:
    at = at or now()
    credential = Basic(username="AWS", secret=Secret(secret), expires_at=at.wall + timedelta(hours=hours))
    return Entry(answer=credential, at=at, share=0.6)


def secret_of(entry: Entry | None) -> str | None:
    if entry is None:
        return None
    assert isinstance(entry.answer, Basic)
    return entry.answer.secret.reveal()


def saying(answer: bytes) -> Script:
    """Answer every command alike."""

    def script(connection: socket.socket, server: RawServer) -> None:
        while connection.recv(65536):
            connection.sendall(answer)
            if not answer:
                return

    return script


class TestSharing:
    def test_what_one_process_keeps_another_finds_as_it_was(self, fleet: Fleet) -> None:
        entry = kept()
        fleet.store().put(KEY, entry, "ecr")
        other = fleet.store()
        assert other.get(KEY, now()) == entry
        assert other.get(OTHER, now()) is None

    def test_nothing_of_it_can_be_read_in_the_store_nor_guessed_from_a_name(self, fleet: Fleet) -> None:
        fleet.store().put(KEY, kept(), "ecr")
        name = fleet.entry()
        assert name.startswith(f"ocibroker:{fleet.tenant}:{{")
        assert KEY not in name
        value = fleet.server.ask("GET", name)
        assert not [word for word in (SECRET, "AWS", "ecr", KEY) if word.encode() in value]

    def test_it_lives_there_as_long_as_the_credential(self, fleet: Fleet) -> None:
        fleet.store().put(KEY, kept(hours=2.0), "ecr")
        left = fleet.server.ask("PTTL", fleet.entry())
        assert 7_190_000 < left <= 7_200_000

    @pytest.mark.parametrize("answer", [Anonymous("nobody"), Basic(username="alice", secret=Secret(SECRET))])
    def test_what_does_not_expire_is_never_shared(self, fleet: Fleet, answer: Anonymous | Basic) -> None:
        fleet.store().put(KEY, Entry(answer=answer, at=now()), "basic")
        assert fleet.names() == []

    def test_nor_what_is_too_large(self, fleet: Fleet) -> None:
        fleet.store().put(KEY, kept(secret="x" * 64 * 1024), "ecr")
        assert fleet.server.ask("STRLEN", fleet.entry()) < LARGEST

    def test_another_tenant_finds_nothing(self, fleet: Fleet) -> None:
        fleet.store().put(KEY, kept(), "ecr")
        other = fleet.store(tenant='"team-b"')
        assert other.get(KEY, now()) is None
        assert (other.clear(), len(fleet.names())) == (0, 1)
        other.put(KEY, kept(), "ecr")
        assert fleet.entry("team-b").partition("{")[2] != fleet.entry().partition("{")[2]

    def test_what_was_refused_is_dropped_and_nothing_else(self, fleet: Fleet) -> None:
        store = fleet.store()
        entry = kept()
        store.put(KEY, entry, "ecr")
        store.discard(KEY, Bearer(secret=Secret(SECRET)), now())
        assert store.get(KEY, now()) == entry
        assert isinstance(entry.answer, Basic)
        store.discard(KEY, entry.answer, now())
        assert settled(lambda: fleet.names() == [])

    def test_what_is_forgotten_is_gone(self, fleet: Fleet) -> None:
        store = fleet.store()
        store.put(KEY, kept(), "ecr")
        store.forget(KEY)
        assert fleet.names() == []

    def test_it_is_listed_and_cleared_for_people(self, fleet: Fleet) -> None:
        store = fleet.store()
        for at in range(300):
            store.put(f"{at:064d}", kept(), "ecr")
        with store.turn(OTHER, Deadline.after(10)):
            assert {one.key for one in store.records()} == {f"{at:064d}" for at in range(300)}
            assert store.clear() == 300
        assert fleet.names() == [fleet.store()._envelope.names(OTHER)[0] + ":lease"]


@pytest.mark.fault(21, 42)
class TestTheNewest:
    def test_an_older_one_does_not_replace_it(self, fleet: Fleet) -> None:
        store = fleet.store()
        store.put(KEY, kept(12.0, "newer"), "ecr")
        store.put(KEY, kept(11.0, "older"), "ecr")
        assert secret_of(store.get(KEY, now())) == "newer"
        store.put(KEY, kept(13.0, "newest"), "ecr")
        assert secret_of(store.get(KEY, now())) == "newest"

    @pytest.mark.parametrize("hours", [-87_600.0, -1.0, 1.0, 87_600.0])
    def test_a_process_whose_clock_is_wrong_shares_nothing_and_says_so_once(
        self, fleet: Fleet, hours: float, caplog: pytest.LogCaptureFixture
    ) -> None:
        clock = HandClock()
        clock._now += timedelta(hours=hours)
        wrong = fleet.store(clock=clock)
        for _ in range(2):
            wrong.put(KEY, kept(at=Moment.now(clock)), "ecr")
            with wrong.turn(KEY, Deadline.after(10)):
                wrong.put(KEY, kept(at=Moment.now(clock)), "ecr")
        assert fleet.names() == []
        assert caplog.text.count("its clock and ours differ by more than 300 s") == 1


@pytest.mark.fault(40)
class TestTampering:
    def changed(self, fleet: Fleet, at: int) -> None:
        name = fleet.entry()
        value = bytearray(fleet.server.ask("GET", name))
        value[at] ^= 1
        fleet.server.ask("SET", name, bytes(value))

    @pytest.mark.parametrize("at", [0, 1, 16, 17, 32, 33, 44, 45, 100, -1])
    def test_a_value_with_any_bit_flipped_is_dropped_and_warned_about_once(
        self, fleet: Fleet, at: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        store = fleet.store()
        for _ in range(2):
            store.put(KEY, kept(), "ecr")
            self.changed(fleet, at)
            assert store.get(KEY, now()) is None
            assert fleet.names() == []
        assert caplog.text.count("was not sealed by one of our keys for its place; it is dropped") == 1
        assert SECRET not in caplog.text

    @pytest.mark.parametrize("value", [b"", b"x", b"1" * 33, b"1" * 45, b"\x00" * 1000])
    def test_anything_else_in_its_place_is_a_miss_and_replaced(self, fleet: Fleet, value: bytes) -> None:
        store, entry = fleet.store(), kept()
        store.put(KEY, entry, "ecr")
        fleet.server.ask("SET", fleet.entry(), value)
        assert store.get(KEY, now()) is None
        store.put(KEY, entry, "ecr")
        assert store.get(KEY, now()) == entry

    def test_a_value_of_another_type_is_a_miss(self, fleet: Fleet) -> None:
        store = fleet.store()
        store.put(KEY, kept(), "ecr")
        name = fleet.entry()
        fleet.server.ask("DEL", name)
        fleet.server.ask("RPUSH", name, "x")
        assert store.get(KEY, now()) is None
        store.put(KEY, kept(), "ecr")

    def test_what_was_sealed_for_another_place_does_not_open_here(self, fleet: Fleet) -> None:
        store = fleet.store()
        store.put(OTHER, kept(), "ecr")
        stolen = fleet.server.ask("GET", fleet.entry())
        fleet.server.ask("FLUSHALL")
        store.put(KEY, kept(), "ecr")
        fleet.server.ask("SET", fleet.entry(), stolen)
        assert store.get(KEY, now()) is None

    def test_what_was_sealed_for_another_tenant_does_not_open_here(self, fleet: Fleet) -> None:
        fleet.store(tenant='"team-b"').put(KEY, kept(), "ecr")
        stolen = fleet.server.ask("GET", fleet.entry("team-b"))
        fleet.server.ask("FLUSHALL")
        store = fleet.store()
        store.put(KEY, kept(), "ecr")
        fleet.server.ask("SET", fleet.entry(), stolen)
        assert store.get(KEY, now()) is None

    def test_an_old_value_that_is_played_back_is_over_when_it_was(self, fleet: Fleet) -> None:
        store = fleet.store()
        store.put(KEY, kept(hours=1.0), "ecr")
        name = fleet.entry()
        old = fleet.server.ask("GET", name)
        store.put(KEY, kept(hours=12.0), "ecr")
        fleet.server.ask("SET", name, old)
        later = now()
        later = replace(later, wall=later.wall + timedelta(hours=1), boot=later.boot + 3600)
        entry = store.get(KEY, later)
        assert entry is not None
        assert not entry.standing(later, timedelta()).valid


@pytest.mark.fault(43)
def test_a_child_leaves_the_connections_to_its_parent(fleet: Fleet) -> None:
    """As a child does, here in one process: who measures coverage sees it too."""
    store = fleet.store()
    store.put(KEY, kept(), "ecr")
    before = fleet.server.clients()
    store.forked()
    assert settled(lambda: fleet.server.clients() == before - 1)
    assert store.get(KEY, now()) is not None
    assert fleet.server.clients() == before


class TestKeys:
    def test_what_the_previous_key_sealed_is_found_until_it_expires(self, fleet: Fleet) -> None:
        entry = kept()
        fleet.store().put(KEY, entry, "ecr")
        rotated = fleet.store(encryption_key='{ env = "OTHER_KEY" }', previous_encryption_key='{ env = "KEY" }')
        assert rotated.get(KEY, now()) == entry
        assert [one.provider for one in rotated.records()] == ["ecr"]
        rotated.put(KEY, kept(13.0, "newer"), "ecr")
        assert secret_of(rotated.get(KEY, now())) == "newer"

    def test_who_still_has_the_old_key_only_is_not_disturbed(
        self, fleet: Fleet, caplog: pytest.LogCaptureFixture
    ) -> None:
        old = fleet.store()
        rotated = fleet.store(encryption_key='{ env = "OTHER_KEY" }', previous_encryption_key='{ env = "KEY" }')
        entry = kept()
        old.put(KEY, entry, "ecr")
        rotated.put(KEY, kept(13.0, "newer"), "ecr")
        assert old.get(KEY, now()) == entry
        assert caplog.messages == []

    def test_another_key_finds_nothing(self, fleet: Fleet) -> None:
        fleet.store().put(KEY, kept(), "ecr")
        assert fleet.store(encryption_key='{ env = "OTHER_KEY" }').get(KEY, now()) is None

    def test_what_the_previous_key_sealed_is_dropped_with_the_other(self, fleet: Fleet) -> None:
        fleet.store().put(KEY, kept(), "ecr")
        rotated = fleet.store(encryption_key='{ env = "OTHER_KEY" }', previous_encryption_key='{ env = "KEY" }')
        rotated.forget(KEY)
        assert fleet.names() == []


@pytest.mark.fault(40)
class TestTrouble:
    """In nobody's way: each look is over in time, and after the first nobody looks for a while."""

    def looks(self, fleet: Fleet) -> None:
        store = fleet.store(budget=0.1)
        for look in range(20):
            begun = time.monotonic()
            assert store.get(KEY, now()) is None
            store.put(KEY, kept(), "ecr")
            with store.turn(KEY, Deadline.after(10)) as waited:
                assert not waited
            store.discard(KEY, Bearer(secret=Secret(SECRET)), now())
            store.forget(KEY)
            assert time.monotonic() - begun < (SOON if look == 0 else SOON / 2)

    def test_a_server_that_is_down(self, fleet: Fleet, caplog: pytest.LogCaptureFixture) -> None:
        fleet.server.stop()
        try:
            self.looks(fleet)
        finally:
            fleet.server.start()
        assert [message for message in caplog.messages if "Connection refused" in message] == caplog.messages
        assert len(caplog.messages) == 1

    def test_what_is_wrong_is_told_until_all_is_well(self, fleet: Fleet) -> None:
        store = fleet.store()
        fleet.server.stop()
        try:
            store.get(KEY, now())
            told = store.trouble
        finally:
            fleet.server.start()
        assert "Connection refused" in told
        assert settled(lambda: store.get(KEY, now()) is None and store.trouble == "")

    def test_a_server_that_takes_connections_and_answers_nothing(
        self, fleet: Fleet, caplog: pytest.LogCaptureFixture
    ) -> None:
        fleet.server.hold()
        try:
            self.looks(fleet)
        finally:
            fleet.server.go_on()
        assert [message for message in caplog.messages if "did not answer in time" in message] == caplog.messages
        assert len(caplog.messages) == 1

    def test_a_server_that_holds_its_answers_back_on_a_connection_that_was_good(self, fleet: Fleet) -> None:
        store = fleet.store(budget=0.1)
        while not fleet.names():
            store.put(KEY, kept(), "ecr")
        begun = time.monotonic()
        fleet.server.ask("CLIENT", "PAUSE", 1_000)
        assert store.get(KEY, now()) is None
        assert store.get(KEY, now()) is None
        assert time.monotonic() - begun < SOON
        assert fleet.names()  # it has gone on

    def test_a_name_that_resolves_to_nobody_who_answers(self, fleet: Fleet) -> None:
        """192.0.2.0/24 leads nowhere (RFC 5737)."""
        fleet.route = lambda host, port: ("192.0.2.1", port)  # type: ignore[method-assign]
        self.looks(fleet)

    def test_a_resolver_that_hangs(self, fleet: Fleet) -> None:
        released = threading.Event()

        def resolve(host: str, port: int) -> tuple[str, int]:
            released.wait(30)
            return "127.0.0.1", port

        fleet.route = resolve  # type: ignore[method-assign]
        try:
            self.looks(fleet)
        finally:
            released.set()

    def test_when_it_is_up_again_it_is_used_again(self, fleet: Fleet, caplog: pytest.LogCaptureFixture) -> None:
        clock = HandClock()
        store = fleet.store(clock=clock)
        store.put(KEY, kept(), "ecr")
        for outage in (1, 2):
            fleet.server.stop()
            assert store.get(KEY, now()) is None
            fleet.server.start()
            assert store.get(KEY, now()) is None
            store.put(KEY, kept(), "ecr")
            assert fleet.names() == []  # a moment has not passed yet
            clock.move(1.5)
            store.put(KEY, kept(), "ecr")
            assert store.get(KEY, now()) is not None
            assert len(caplog.messages) == outage

    def test_a_restart_between_two_looks_is_not_even_noticed(
        self, fleet: Fleet, caplog: pytest.LogCaptureFixture
    ) -> None:
        store = fleet.store()
        store.put(KEY, kept(), "ecr")
        fleet.server.stop()
        fleet.server.start()
        store.put(KEY, kept(), "ecr")
        assert store.get(KEY, now()) is not None
        assert caplog.messages == []

    def test_what_was_evicted_is_a_miss(self, fleet: Fleet) -> None:
        store = fleet.store()
        fleet.server.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        try:
            store.put(KEY, kept(), "ecr")
            assert store.get(KEY, now()) is not None
            fleet.server.ask("CONFIG", "SET", "maxmemory", 1)
            fleet.server.ask("PING")
            assert settled(lambda: fleet.names() == [])
            assert store.get(KEY, now()) is None
        finally:
            fleet.server.ask("CONFIG", "SET", "maxmemory", 0)
            fleet.server.ask("CONFIG", "SET", "maxmemory-policy", "noeviction")

    def test_a_server_without_memory_keeps_nothing_and_says_what_to_do_once(
        self, fleet: Fleet, caplog: pytest.LogCaptureFixture
    ) -> None:
        store = fleet.store()
        fleet.server.ask("CONFIG", "SET", "maxmemory", 1)
        try:
            for _ in range(3):
                store.put(KEY, kept(), "ecr")
                assert store.get(KEY, now()) is None
        finally:
            fleet.server.ask("CONFIG", "SET", "maxmemory", 0)
        assert len(caplog.messages) == 1
        assert "answered OOM (give it more memory" in caplog.text

    def test_for_people_it_is_an_error(self, fleet: Fleet) -> None:
        store = fleet.store()
        fleet.server.stop()
        try:
            with pytest.raises(ConnectionFailed, match=f"rediss://{NAME}"):
                store.clear()
        finally:
            fleet.server.start()


class TestEntering:
    @pytest.mark.parametrize(
        ("changed", "trust", "said"),
        [
            ({"password": '"wrong"'}, None, "answered WRONGPASS (check cache.username and cache.password)"),
            ({"username": "", "password": ""}, None, "answered NOAUTH (set cache.username and cache.password)"),
            ({"password": '{ env = "NOT_SET" }'}, None, "variable NOT_SET: is not set"),
            ({}, "", "the chain ends in a root that is not trusted"),
            ({}, "elsewhere", "ca.pem: cannot be read"),
        ],
    )
    def test_who_may_not_has_a_miss_and_is_told_why_once(
        self, fleet: Fleet, changed: dict[str, str], trust: str | None, said: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        text = f'[[tls]]\nmatch = "{NAME}:{fleet.server.port}"\nca = ["nowhere/ca.pem"]\n'
        store = fleet.store(trust=text if trust == "elsewhere" else trust, changed=changed)
        for _ in range(3):
            assert store.get(KEY, now()) is None
        assert len(caplog.messages) == 1
        assert said in caplog.text

    def test_a_port_that_speaks_no_tls(self, fleet: Fleet, caplog: pytest.LogCaptureFixture) -> None:
        with raw(saying(b"-ERR unknown command\r\n")) as server:
            store = fleet.store(store=f'"rediss://{NAME}:{server.port}"', trust=fleet.trust(server.port))
            assert store.get(KEY, now()) is None
            store.close()
        assert "does not speak TLS (see which of its ports does)" in caplog.text

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            (b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak the protocol of Redis (check the port)"),
            (b"$-7\r\n", "does not speak the protocol of Redis (check the port)"),
            (b"$536870912\r\n" + b"x" * 5 * 1024 * 1024, "sends endless replies"),
            (b"-no code of ours <script>\r\n", "answered no (look at the server)"),
            (b"", "broke the connection (try again)"),
        ],
    )
    def test_a_port_that_speaks_something_else(
        self, fleet: Fleet, answer: bytes, said: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        with raw(saying(answer)) as server:
            store = fleet.store(store=f'"redis://127.0.0.1:{server.port}"', username="", password="")
            assert store.get(KEY, now()) is None
            store.close()
        assert said in caplog.text

    @pytest.mark.parametrize("answer", [b"+OK\r\n", b":1\r\n", b"*-1\r\n", b"*2\r\n:1\r\n:1\r\n"])
    def test_a_reply_to_something_else_is_a_miss_and_an_error_for_people(self, fleet: Fleet, answer: bytes) -> None:
        with raw(saying(answer)) as server:
            store = fleet.store(store=f'"redis://127.0.0.1:{server.port}"', username="", password="")
            store.put(KEY, kept(), "ecr")
            assert store.get(KEY, now()) is None
            with store.turn(KEY, Deadline.after(10)) as waited:
                assert not waited
            with pytest.raises(ConnectionFailed):
                store.clear()
            store.close()

    def test_on_loopback_it_may_go_without_tls(self, fleet: Fleet) -> None:
        store, entry = fleet.store(store=f'"redis://127.0.0.1:{fleet.server.plain_port}/3"'), kept()
        store.put(KEY, entry, "ecr")
        assert store.get(KEY, now()) == entry
        assert fleet.names() == []

    def test_no_password_is_in_any_log(self, fleet: Fleet, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        store = fleet.store()
        store.put(KEY, kept(), "ecr")
        fleet.store(password='"wr0ng-pass"').get(KEY, now())
        assert SECRET not in caplog.text
        assert "wr0ng-pass" not in caplog.text
        assert "wr0ng-pass" not in repr(store)


@pytest.mark.fault(41)
class TestTurns:
    def test_the_first_has_waited_for_nobody_and_leaves_no_lease(self, fleet: Fleet) -> None:
        store = fleet.store()
        with store.turn(KEY, Deadline.after(10)) as waited:
            assert not waited
            assert len(fleet.names()) == 1
            store.put(KEY, kept(), "ecr")
        assert fleet.names() == [fleet.entry()]

    def test_who_comes_meanwhile_waits_for_what_the_first_leaves(self, fleet: Fleet) -> None:
        first, second, found = fleet.store(), fleet.store(), []

        def wait() -> None:
            with second.turn(KEY, Deadline.after(60)) as waited:
                found.append((waited, second.get(KEY, now())))

        entry = kept()
        with first.turn(KEY, Deadline.after(60)):
            thread = threading.Thread(target=wait)
            thread.start()
            thread.join(0.2)
            assert found == []
            first.put(KEY, entry, "ecr")
            thread.join(10)  # before the first is done
            assert found == [(True, entry)]

    def test_who_fails_lets_one_other_try_at_a_time(self, fleet: Fleet) -> None:
        first, second = fleet.store(), fleet.store()
        with pytest.raises(RuntimeError), first.turn(KEY, Deadline.after(60)):
            raise RuntimeError
        with second.turn(KEY, Deadline.after(60)) as waited:
            assert not waited
            assert len(fleet.names()) == 1

    def test_who_leaves_nothing_says_so_and_the_others_need_not_wait_for_each_other(self, fleet: Fleet) -> None:
        first, second, third = fleet.store(), fleet.store(), fleet.store()
        with first.turn(KEY, Deadline.after(60)):
            pass
        with second.turn(KEY, Deadline.after(60)) as one, third.turn(KEY, Deadline.after(60)) as two:
            assert (one, two) == (True, True)
        (lease,) = fleet.names()
        assert 0 < fleet.server.ask("PTTL", lease) <= 2_000

    def test_nobody_waits_for_longer_than_half_of_the_deadline(self, fleet: Fleet) -> None:
        first, second = fleet.store(), fleet.store()
        with first.turn(KEY, Deadline.after(60)):
            begun = time.monotonic()
            with second.turn(KEY, Deadline.after(0.4)) as waited:
                assert waited
            assert 0.2 <= time.monotonic() - begun < 2.0

    def test_the_lease_of_one_who_has_died_runs_out(self, fleet: Fleet, server: RedisServer) -> None:
        lease = f"{fleet.store()._envelope.names(KEY)[0]}:lease"
        dead = fleet.store().turn(KEY, Deadline.after(60))
        dead.__enter__()
        assert 0 < server.ask("PTTL", lease) <= 10_000
        server.ask("PEXPIRE", lease, 100)  # ten seconds later
        with fleet.store().turn(KEY, Deadline.after(60)) as waited:
            assert not waited
            dead.__exit__(None, None, None)  # not dead, but slow: it takes nothing away from who came after it
            assert len(fleet.names()) == 1


@pytest.mark.fault(40)
def test_many_who_fail_together_make_the_pause_no_longer(fleet: Fleet) -> None:
    clock = HandClock()
    store = fleet.store(clock=clock)
    fleet.server.stop()
    try:
        with ThreadPoolExecutor(8) as pool:
            assert [*pool.map(lambda _: store.get(KEY, now()), range(8))] == [None] * 8
    finally:
        fleet.server.start()
    clock.move(1.5)
    store.put(KEY, kept(), "ecr")
    assert len(fleet.names()) == 1
