"""What a service manager is told, at a real socket."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ocibroker.errors import OcibrokerError
from ocibroker.events import Report
from ocibroker.sidecar.notify import Notifier
from ocibroker.sidecar.pulse import Pulse
from ocibroker.sidecar.succession import Succession
from tests.sidecar.stand import Stand
from tests.sidecar.virtual_sleep import VirtualSleep
from tests.transport.hand_clock import HandClock


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    name = str(tmp_path / "notify") if request.param == "path" else f"@ocibroker-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{name[1:]}" if name.startswith("@") else name)
        listener.settimeout(10)
        yield name, listener


def test_it_is_told_what_happens(manager: tuple[str, socket.socket]) -> None:
    name, listener = manager
    notifier = Notifier.from_environ({"NOTIFY_SOCKET": name})
    notifier.ready()
    assert listener.recv(99) == b"READY=1"
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    notifier.reloading()
    reloading, stamp = listener.recv(99).split(b"\n")
    assert reloading == b"RELOADING=1"
    assert (
        before <= int(stamp.removeprefix(b"MONOTONIC_USEC=")) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    )
    notifier.status("serving 3 targets\nREADY=0")
    assert listener.recv(99) == b"STATUS=serving 3 targets READY=0"
    notifier.stopping()
    assert listener.recv(99) == b"STOPPING=1"


@pytest.mark.parametrize("address", ["", "relative", "vsock:2:1234", "/nobody/listens/here"])
def test_without_one_nothing_happens(address: str) -> None:
    Notifier.from_environ({"NOTIFY_SOCKET": address}).ready()


def test_one_that_takes_nothing_holds_nobody_up(tmp_path: Path) -> None:
    name = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(name)
        notifier = Notifier(name)
        for _ in range(2000):
            notifier.ready()


@pytest.mark.parametrize(
    ("environ", "watchdog"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_signs_of_life_are_given_to_who_waits_for_them(environ: dict[str, str], watchdog: float | None) -> None:
    assert Notifier.from_environ(environ, pid=7).watchdog == watchdog


def test_the_pulse_gives_two_signs_of_life_in_that_time(
    manager: tuple[str, socket.socket], clock: HandClock
) -> None:
    name, listener = manager
    sleep = VirtualSleep(clock, 5.0)
    pulse = Pulse(Notifier(name, watchdog=1.0), clock.monotonic, sleep=sleep)

    async def beat() -> None:
        with suppress(asyncio.CancelledError):
            await pulse.beat()

    asyncio.run(beat())
    assert sleep.slept == [0.5] * 10
    assert listener.recv(99) == b"WATCHDOG=1"


def test_the_pulse_knows_how_late_the_loop_is(clock: HandClock) -> None:
    lags: list[float] = []
    sleep = VirtualSleep(clock, 6.0, meanwhile=lambda: clock.move(0.25))
    pulse = Pulse(Notifier(), clock.monotonic, sleep=sleep)

    async def beat() -> None:
        with suppress(asyncio.CancelledError):
            await pulse.beat()
        lags.append(pulse.lag)

    asyncio.run(beat())
    assert lags == [pytest.approx(0.25)]


def test_a_reload_is_told_whatever_comes_of_it(manager: tuple[str, socket.socket], stand: Stand) -> None:
    name, listener = manager

    async def work() -> None:
        building = stand.building
        succession = Succession(building(1), building, clock=stand.clock, report=Report(), notifier=Notifier(name))
        await succession.reload()
        stand.write("garbage = 1\n")
        with suppress(OcibrokerError):
            await succession.reload()
        await succession.close(0.1)

    asyncio.run(work())
    told = [listener.recv(99).split(b"\n")[0] for _ in range(4)]
    assert told == [b"RELOADING=1", b"READY=1"] * 2
