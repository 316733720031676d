"""Callers who are rude, and what the machine has no more of: each is a block, and over when it ends."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from resource import RLIM_INFINITY, RLIMIT_FSIZE, RLIMIT_NOFILE, prlimit
from typing import Final

from tests.e2e import clients
from tests.soak.caller import ROOT
from tests.soak.scene import Scene
from tests.soak.town import HOST

_HELPERS: Final = 10
_STRANGERS: Final = 60
"""Connections that say nothing, more than the descriptors that are left."""
_LEFT: Final = 4
"""Descriptors that are left."""


@contextmanager
def callers_killed(scene: Scene) -> Iterator[None]:
    """Credential helpers are killed while they ask, and others hang up in the middle of a question."""
    settings, helper = scene.fleet.town.settings, clients.find("docker-credential-ocibroker")
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(scene.fleet.sidecar.folder), **settings}
    for _ in range(_HELPERS):
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
    command = [sys.executable, "-m", "tests.soak.flood", *said]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE) as child:
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
