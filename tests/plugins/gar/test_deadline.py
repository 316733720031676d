"""A fetch ends in time, whoever hangs; and a machine outside of Google's is not held up."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from ocibroker import Anonymous, Broker
from ocibroker.errors import DeadlineExceeded
from ocibroker.provider import Deadline, Target
from ocibroker.testing.staged import Staged
from ocibroker_gar import GarProvider
from tests.google.emulator import IAM, OAUTH, STS, Google
from tests.plugins.gar.asking import HOST, failure, named, rule
from tests.transport.brokers import Desk
from tests.transport.hand_clock import HandClock
from tests.transport.raw_server import raw, silent

pytestmark = pytest.mark.acceptance(34)

PATIENCE = 5.0


def ends(broker: Broker) -> None:
    begun = time.monotonic()
    assert isinstance(failure(broker, deadline=0.5), DeadlineExceeded)
    for thread in threading.enumerate():
        if thread.name.startswith("ocibroker-"):
            thread.join(PATIENCE)
            assert not thread.is_alive()
    assert time.monotonic() - begun < PATIENCE


@pytest.mark.parametrize("silence", [OAUTH, STS, IAM])
def test_a_service_that_is_silent(silence: str, google: Google, desk: Desk) -> None:
    provider = google.accounts.trust("ci", "of-the-job", "job")
    pull = google.accounts.account("pull", "job", "ci@acme-prod.iam.gserviceaccount.com")
    brought: dict[str, object] = {"identity_token": {"env": "TOKEN"}, "workload_identity_provider": provider}
    text = rule(impersonate=pull) if silence == OAUTH else rule(HOST, impersonate=pull, **brought)
    environ = {**named(desk, google.accounts.key("ci")), "TOKEN": "of-the-job"}
    with raw(silent) as server:

        def route(host: str, port: int) -> tuple[str, int]:
            return ("127.0.0.1", server.port) if host == silence else google.route(host, port)

        ends(desk.broker(text, environ=environ, route=route))


def test_a_metadata_service_that_is_silent(desk: Desk) -> None:
    with raw(silent) as server:
        environ = {"HOME": str(desk.folder)}
        ends(desk.broker(environ=environ, route=lambda *_: ("127.0.0.1", server.port)))


def test_who_had_no_time_to_look_for_an_identity_is_not_anonymous(tmp_path: Path) -> None:
    clock = HandClock()

    def answer(_: object) -> None:
        clock.move(2)
        raise DeadlineExceeded("did not answer in time")

    staged = Staged.of(
        GarProvider(), Target.parse(HOST), {}, folder=tmp_path, environ={"HOME": str(tmp_path)}, clock=clock
    )
    with pytest.raises(DeadlineExceeded):
        staged.fetch(answer, Deadline.after(1, clock.monotonic))  # type: ignore[arg-type]  # it never returns


@pytest.mark.parametrize("said", [{}, {"GCE_METADATA_TIMEOUT": "1"}])
def test_most_machines_have_no_metadata_service_and_go_on(said: dict[str, str], desk: Desk) -> None:
    begun = time.monotonic()
    with raw(silent) as server:
        environ = {"HOME": str(desk.folder), **said}
        broker = desk.broker(environ=environ, route=lambda *_: ("127.0.0.1", server.port))
        assert isinstance(broker.access(HOST, deadline=20).credential, Anonymous)
        assert server.connections == 1
    assert time.monotonic() - begun < PATIENCE


def test_where_nothing_listens_nobody_waits(desk: Desk) -> None:
    broker = desk.broker(environ={"HOME": str(desk.folder)}, route=lambda *_: ("127.0.0.1", 1))
    assert isinstance(broker.access(HOST).credential, Anonymous)
