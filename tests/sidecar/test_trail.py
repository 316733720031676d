"""The audit trail of a whole sidecar: its file, its streams, its observers, and what becomes of it in need."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import signal
import stat
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ocibroker import Bearer, Secret, Target
from ocibroker.audit import AuditRecord
from ocibroker.config import Config, load_config
from ocibroker.errors import ConfigurationError
from ocibroker.events import AuditFailing, Event, Report
from ocibroker.provider import AuditObserver, audit_observers
from ocibroker.sidecar.deed import Deed
from ocibroker.sidecar.peer import Peer
from ocibroker.sidecar.trail import open_trail
from tests.free_port import free_port
from tests.sidecar.command import Sidecar
from tests.sidecar.served import Client, request, until
from tests.sidecar.test_repeats import question
from tests.sidecar.trails import records
from tests.transport.canary import Canary
from tests.transport.hand_clock import HandClock

KEY = "k" * 43
SECRET = "s3cr3t-token"
PEER = Peer(uid=1000, pid=77, gid=1001)
GIVEN = Deed(
    endpoint="/v1/credentials",
    target=Target.parse("registry.test/app", actions=("push", "pull")),
    provider="ecr",
    identity=("role/pull",),
    credential=Bearer(secret=Secret(SECRET), expires_at=datetime(2030, 1, 1, tzinfo=UTC)),
)


class Observing:
    """A plugin whose observer does with each record what ``observe`` does."""

    def __init__(self, *observers: AuditObserver) -> None:
        def offer() -> Sequence[AuditObserver]:
            return observers

        self.ocibroker_audit_observers = audit_observers(offer)


class Collector:
    def __init__(self) -> None:
        self.records: list[AuditRecord] = []

    def observe(self, record: AuditRecord) -> None:
        self.records.append(record)


class Raising:
    def observe(self, record: AuditRecord) -> None:
        raise SystemExit("s3cr3t")


def configured(folder: Path, text: str = "", *plugins: object) -> Config:
    path = folder / "config.toml"
    path.touch(mode=0o600)
    path.write_text(text)
    return load_config(path, {}, plugins=plugins)


def test_a_record_says_who_got_what_and_when_and_never_the_value(tmp_path: Path, clock: HandClock) -> None:
    config = configured(tmp_path, f'[sidecar]\naudit = "audit.jsonl"\naudit_key = "{KEY}"\n')
    with open_trail(config, environ={}, clock=clock, report=Report()) as trail:
        trail("socket", PEER, GIVEN)
        trail("tcp", Peer(names=frozenset({"dns:b", "dns:a"}), address="10.0.0.7"), GIVEN)
    text = (tmp_path / "audit.jsonl").read_text()
    assert SECRET not in text
    first, second = records(tmp_path / "audit.jsonl")
    assert first == {
        "time": clock.now().isoformat().replace("+00:00", "Z"),
        "event": "access",
        "outcome": "given",
        "listener": "socket",
        "uid": 1000,
        "pid": 77,
        "gid": 1001,
        "endpoint": "/v1/credentials",
        "target": "registry.test/app",
        "actions": ["pull", "push"],
        "provider": "ecr",
        "identity": ["role/pull"],
        "kind": "bearer",
        "expires_at": "2030-01-01T00:00:00Z",
        "fingerprint": hmac.new(KEY.encode(), SECRET.encode(), hashlib.sha256).hexdigest()[:32],
    }
    assert (second["names"], second["address"]) == (["dns:a", "dns:b"], "10.0.0.7")
    assert not {"uid", "pid", "gid"} & {*second}


def test_without_a_key_there_is_no_fingerprint(tmp_path: Path, clock: HandClock) -> None:
    config = configured(tmp_path, '[sidecar]\naudit = "audit.jsonl"\n')
    with open_trail(config, environ={}, clock=clock, report=Report()) as trail:
        trail("socket", PEER, GIVEN)
    assert "fingerprint" not in records(tmp_path / "audit.jsonl")[0]


@pytest.mark.parametrize(
    ("text", "error", "why"),
    [
        ('audit = "missing/audit.jsonl"', ConfigurationError, r"config.toml.*sidecar.audit.*No such file"),
        ('audit_key = "short"', ConfigurationError, "shorter than 32 characters"),
        ('audit_key = { file = "missing" }', ConfigurationError, r"config.toml.*sidecar.audit_key.*cannot be read"),
    ],
)
def test_what_is_wrong_is_said_at_the_start(
    tmp_path: Path, clock: HandClock, text: str, error: type[Exception], why: str
) -> None:
    config = configured(tmp_path, f"[sidecar]\n{text}\n")
    with pytest.raises(error, match=why), open_trail(config, environ={}, clock=clock, report=Report()):
        pass


def test_every_observer_of_a_plugin_is_told_and_one_that_raises_harms_nobody(
    tmp_path: Path, clock: HandClock
) -> None:
    good, events = Collector(), list[Event]()
    config = configured(tmp_path, "", Observing(Raising(), good))
    with open_trail(config, environ={}, clock=clock, report=Report(events.append)) as trail:
        for _ in range(3):
            trail("socket", PEER, GIVEN)
        trail.close()
        assert dict(trail.lost()) == {"plugin given-0 1": 3, "plugin given-0 2": 0}
    assert [record.target for record in good.records] == ["registry.test/app"] * 3
    assert events == [AuditFailing(sink="plugin given-0 1", reason="does not take all records")]


def test_a_plugin_without_any_hook_or_with_no_observer_is_refused(tmp_path: Path) -> None:
    for plugin, why in ((object(), "implements no hook"), (Observing(object()), "observes nothing")):  # type: ignore[arg-type]
        with pytest.raises(Exception, match=why):
            configured(tmp_path, "", plugin)


# The process.

TCP = """
[sidecar.tcp]
listen = "127.0.0.1:{port}"
bearer = "bearer"
"""


@pytest.fixture
def canary() -> Canary:
    return Canary()


@pytest.fixture
def sidecar(folder: Path, canary: Canary) -> Sidecar:
    (folder / "password").write_text(canary.ascii.reveal())
    (folder / "config.toml").touch(mode=0o600)
    sidecar = Sidecar(folder, folder / "config.toml")
    configure(sidecar, 'audit = "audit.jsonl"\n')
    return sidecar


def configure(sidecar: Sidecar, more: str) -> None:
    sidecar.config.write_text(
        '[[registry]]\nmatch = "registry.test"\nprovider = "basic"\n'
        f'options = {{ username = "alice", password = {{ file = "password" }} }}\n[sidecar]\n{more}'
    )


def trail(sidecar: Sidecar) -> Path:
    return sidecar.folder / "audit.jsonl"


def test_nothing_is_lost_at_the_end_and_its_owner_alone_reads_it(sidecar: Sidecar, canary: Canary) -> None:
    with sidecar.serving() as process, Client.of(sidecar.socket) as client:
        for _ in range(500):
            client.send(question())
            assert client.reply().status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    told = records(trail(sidecar))
    assert [record["outcome"] for record in told] == ["given"] * 500
    assert {(one["uid"], one["gid"], one["pid"]) for one in told} == {(os.getuid(), os.getgid(), os.getpid())}
    assert stat.S_IMODE(trail(sidecar).stat().st_mode) == 0o600
    assert canary.hits(trail(sidecar).read_text()) == []


def test_a_rotation_by_a_move_and_a_signal_loses_nothing(sidecar: Sidecar) -> None:
    with sidecar.serving() as process:
        for _ in range(3):
            sidecar.ask("registry.test")
        until(lambda: len(records(trail(sidecar))) == 3)
        rotated = trail(sidecar).rename(sidecar.folder / "audit.jsonl.1")
        process.send_signal(signal.SIGHUP)
        until(lambda: sidecar.told("config_reload"))
        sidecar.ask("registry.test")
        until(lambda: trail(sidecar).exists() and len(records(trail(sidecar))) == 1)
    assert len(records(rotated)) == 3


def test_a_disk_that_is_full_costs_records_and_no_credential(sidecar: Sidecar) -> None:
    configure(sidecar, 'audit = "stdout"\n')
    full = Sidecar(sidecar.folder, sidecar.config, before=("sh", "-c", 'exec "$0" "$@" >/dev/full'))
    with full.serving():
        for _ in range(3):
            assert full.ask("registry.test").status == 200
        until(lambda: full.metric("ocibroker_audit_lost_total", sink="stdout") == 3)
    (line,) = full.told("audit_failing")
    assert (line["level"], line["reason"]) == ("error", "No space left on device")


def test_standard_output_will_do(sidecar: Sidecar) -> None:
    configure(sidecar, 'audit = "stdout"\n')
    elsewhere = Sidecar(sidecar.folder, sidecar.config, before=("sh", "-c", 'exec "$0" "$@" >out'))
    with elsewhere.serving() as process:
        elsewhere.ask("registry.test")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert [record["target"] for record in records(sidecar.folder / "out")] == ["registry.test"]


def test_who_may_not_ask_is_logged_counted_and_recorded_and_a_flood_of_it_some_times(sidecar: Sidecar) -> None:
    port = free_port()
    bearer = sidecar.folder / "bearer"
    bearer.touch(mode=0o600)
    bearer.write_text("b" * 43)
    configure(sidecar, 'audit = "audit.jsonl"\n' + TCP.format(port=port))
    wrong = request("/v1/credentials", "Authorization: Bearer " + "w" * 43).replace(
        b"Host: localhost", f"Host: 127.0.0.1:{port}".encode()
    )
    with sidecar.serving() as process:
        with Client.of(port) as client:
            for _ in range(100):
                client.send(wrong)
                assert client.reply().status == 401
        assert sidecar.metric("ocibroker_peer_denied_total", reason="bearer") == 100
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    told = sidecar.told("peer_denied")
    assert {(line["level"], line["reason"], line["peer"]) for line in told} == {("warning", "bearer", "127.0.0.1")}
    denied = [one for one in records(trail(sidecar)) if one["event"] == "caller_denied"]
    assert 1 <= len(denied) <= 20
    assert {(one["error"], one["address"], one["listener"]) for one in denied} == {("bearer", "127.0.0.1", "tcp")}
    assert "w" * 43 not in sidecar.log.read_text() + trail(sidecar).read_text()


def test_actions_are_recorded(sidecar: Sidecar) -> None:
    with sidecar.serving() as process:
        sidecar.act("evict", target="registry.test")
        sidecar.act("refresh", target="other.test")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    told = [(one["action"], one["target"], one["outcome"], one.get("error")) for one in records(trail(sidecar))]
    assert told == [("evict", "registry.test", "done", None), ("refresh", "other.test", "failed", "UsageError")]


def test_another_place_needs_another_start(sidecar: Sidecar) -> None:
    with sidecar.serving() as process:
        configure(sidecar, 'audit = "other.jsonl"\n')
        process.send_signal(signal.SIGHUP)
        until(lambda: "sidecar.audit: as at the start" in json.dumps(sidecar.told("log")))
        sidecar.ask("registry.test")
        until(lambda: len(records(trail(sidecar))) == 1)
    assert not (sidecar.folder / "other.jsonl").exists()
