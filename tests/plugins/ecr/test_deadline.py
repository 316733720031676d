"""A fetch ends when its deadline passes, whoever is silent."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from ocibroker import Anonymous, Broker
from ocibroker.errors import DeadlineExceeded
from ocibroker.provider import Deadline, Target
from ocibroker.testing.staged import Staged
from ocibroker_ecr import EcrProvider
from tests.aws.emulator import Aws
from tests.aws.shared_files import kept, keys, section
from tests.plugins.ecr.asking import HOST, PUBLIC, failure, rule
from tests.transport.brokers import Desk
from tests.transport.hand_clock import HandClock
from tests.transport.raw_server import raw, silent

pytestmark = pytest.mark.acceptance(34)

PATIENCE = 5.0


def ends(broker: Broker, target: str = HOST) -> None:
    begun = time.monotonic()
    assert isinstance(failure(broker, target, deadline=0.5), DeadlineExceeded)
    for thread in threading.enumerate():
        if thread.name.startswith("ocibroker-"):
            thread.join(PATIENCE)
            assert not thread.is_alive()
    assert time.monotonic() - begun < PATIENCE


@pytest.mark.parametrize("silence", ["sts", "ecr"])
def test_a_service_that_is_silent(silence: str, aws: Aws, desk: Desk) -> None:
    text = rule(role_arn=aws.iam.role("pull", "user/alice"))
    with raw(silent) as server:

        def route(host: str, port: int) -> tuple[str, int]:
            return ("127.0.0.1", server.port) if silence in host.split(".")[:2] else aws.route(host, port)

        ends(desk.broker(text, environ=keys(aws.iam.user("alice")), route=route))


def test_a_program_that_hangs(aws: Aws, desk: Desk) -> None:
    hang = section("default", credential_process=f"{sys.executable} -c 'import time; time.sleep(60)'")
    ends(desk.broker(environ=kept(desk.folder, config=hang), route=aws.route))


def test_a_metadata_service_that_is_silent(desk: Desk) -> None:
    with raw(silent) as server:
        ends(desk.broker(environ={"HOME": str(desk.folder)}, route=lambda *_: ("127.0.0.1", server.port)), PUBLIC)


def test_who_had_no_time_to_look_for_an_identity_is_not_anonymous(tmp_path: Path) -> None:
    clock = HandClock()

    def answer(_: httpx.Request) -> httpx.Response:
        clock.move(2)
        raise DeadlineExceeded("did not answer in time")

    environ = {"HOME": str(tmp_path)}
    staged = Staged.of(EcrProvider(), Target.parse(PUBLIC), {}, folder=tmp_path, environ=environ, clock=clock)
    with pytest.raises(DeadlineExceeded):
        staged.fetch(answer, Deadline.after(1, clock.monotonic))


def test_most_machines_have_no_metadata_service_and_go_on(desk: Desk) -> None:
    environ = {"HOME": str(desk.folder), "AWS_METADATA_SERVICE_TIMEOUT": "1"}
    with raw(silent) as server:
        broker = desk.broker(environ=environ, route=lambda *_: ("127.0.0.1", server.port))
        assert isinstance(broker.access(PUBLIC, deadline=20).credential, Anonymous)
