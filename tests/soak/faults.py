"""What goes wrong, one after the other: each fault is a block, and over when it ends."""

from __future__ import annotations

import random
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from resource import RLIM_INFINITY, RLIMIT_FSIZE, RLIMIT_NOFILE, prlimit
from typing import Final

from ocibroker.testing import Authority
from tests.e2e import clients
from tests.settled import settled
from tests.soak.duty import Duty
from tests.soak.fleet import Fleet
from tests.soak.town import HOST
from tests.soak.weather import Kind

_STRANGERS: Final = 60
"""Connections that say nothing, more than the descriptors that are left."""
_LEFT: Final = 4
"""Descriptors that are left."""
_ARRIVED: Final = 0.5
"""Seconds for which a request is under way that was sent before."""
_NOTICED: Final = 2.0
"""Seconds within which a file that was exchanged is noticed."""

Fault = Callable[["Scene"], AbstractContextManager[None]]


@dataclass(frozen=True)
class Scene:
    """Who is on duty, for which registries; ``pause`` waits for so many seconds, or until all is over."""

    fleet: Fleet
    duty: Duty
    pause: Callable[[float], object]


@contextmanager
def weather(kind: Kind, scene: Scene) -> Iterator[None]:
    scene.fleet.town.weather.kind = kind
    yield
    scene.fleet.town.weather.kind = "fair"


@contextmanager
def revoked(scene: Scene) -> Iterator[None]:
    """The identity of one registry is not accepted any more."""
    denied = scene.fleet.town.aws.iam.denied
    denied.add("user/doomed")
    yield
    denied.discard("user/doomed")


@contextmanager
def killed(scene: Scene) -> Iterator[None]:
    """The sidecar is killed, and started again as soon as all that it had sent has arrived."""
    scene.duty.kill()
    scene.pause(_ARRIVED)
    scene.duty.follow()
    yield


@contextmanager
def own_certificate_exchanged(scene: Scene) -> Iterator[None]:
    address = ("127.0.0.1", scene.fleet.port)
    before = ssl.get_server_certificate(address)
    scene.fleet.exchange_own()
    yield
    assert settled(lambda: ssl.get_server_certificate(address) != before), "the old certificate is still shown"


@contextmanager
def authority_exchanged(scene: Scene) -> Iterator[None]:
    """First both are trusted, then the token service shows the new one's certificate, then the old one goes."""
    fleet, new = scene.fleet, Authority()
    fleet.trust(fleet.authority, new)
    scene.pause(_NOTICED)
    fleet.show(new)
    fleet.trust(new)
    yield


@contextmanager
def reloaded(scene: Scene) -> Iterator[None]:
    """``SIGHUP``, with a configuration that is another and in order."""
    metric = scene.duty.sidecar.metric
    before = metric("ocibroker_config_generation")
    scene.fleet.configure("ready = 'all'\n")
    scene.duty.process.send_signal(signal.SIGHUP)
    yield
    assert settled(lambda: metric("ocibroker_config_generation") > before), "nothing was reloaded"


@contextmanager
def reloaded_badly(scene: Scene) -> Iterator[None]:
    """``SIGHUP``, with a configuration that nobody can obey, and later with one that is in order again."""
    successful = partial(scene.duty.sidecar.metric, "ocibroker_config_last_reload_successful")
    scene.fleet.configure("colour = 1\n")
    scene.duty.process.send_signal(signal.SIGHUP)
    assert settled(lambda: successful() == 0), "nobody has noticed a bad configuration"
    yield
    scene.fleet.configure()
    scene.duty.process.send_signal(signal.SIGHUP)
    assert settled(lambda: successful() == 1), "nobody has noticed that it was mended"


@contextmanager
def callers_killed(scene: Scene) -> Iterator[None]:
    """Credential helpers are killed while they ask, and others hang up in the middle of a question."""
    settings, helper = scene.fleet.town.settings, clients.find("docker-credential-ocibroker")
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(scene.fleet.sidecar.folder), **settings}
    for _ in range(10):
        with subprocess.Popen(
            [helper, "get"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environ
        ) as one:
            assert one.stdin is not None
            one.stdin.write(HOST.encode())
            one.stdin.close()
            scene.pause(random.uniform(0.0, 0.02))
            one.kill()
        with _connected(scene.fleet.sidecar.socket) as rude:
            rude.send(b"POST /v1/credentials HTTP/1.1\r\nHost: ocibroker\r\nContent-Length: 100\r\n\r\n{")
    yield


@contextmanager
def without_descriptors(scene: Scene) -> Iterator[None]:
    """It may open hardly any file more, and strangers take those."""
    pid, files = scene.duty.process.pid, Path(f"/proc/{scene.duty.process.pid}/fd")
    before = prlimit(pid, RLIMIT_NOFILE)
    prlimit(pid, RLIMIT_NOFILE, (max(int(one.name) for one in files.iterdir()) + 1 + _LEFT, before[1]))
    with ExitStack() as strangers:
        for _ in range(_STRANGERS):
            strangers.enter_context(_connected(scene.fleet.sidecar.socket))
        yield
        prlimit(pid, RLIMIT_NOFILE, before)


@contextmanager
def flooded(scene: Scene) -> Iterator[None]:
    """One caller asks as much as he can, from another address than everybody else."""
    fleet = scene.fleet
    said = [str(fleet.port), str(fleet.bearer), next(iter(fleet.hosts))]
    with subprocess.Popen([sys.executable, "-m", "tests.soak.flood", *said], stdin=subprocess.PIPE) as child:
        yield
        child.communicate(timeout=20)


@contextmanager
def log_full(scene: Scene) -> Iterator[None]:
    """The log cannot grow any more; what writes to it is told so, as on a disk that is full."""
    pid, size = scene.duty.process.pid, scene.duty.sidecar.log.stat().st_size
    prlimit(pid, RLIMIT_FSIZE, (size, RLIM_INFINITY))
    yield
    prlimit(pid, RLIMIT_FSIZE, (RLIM_INFINITY, RLIM_INFINITY))


def _connected(place: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(place))
    return connection
