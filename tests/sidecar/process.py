"""A sidecar in a process of its own: ``python process.py '{"socket": …}'``, a tiny application behind it.

It says on standard output, in JSON, where it listens, and stops at SIGTERM.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvloop

from ocibroker.config import SidecarSettings, UnixListening
from ocibroker.config.sidecar import Address
from ocibroker.sidecar.doors import open_doors
from ocibroker.sidecar.gate import Message, Receive, Send
from ocibroker.sidecar.limits import Limits
from ocibroker.sidecar.server import Server
from tests.sidecar.application import Tiny

ROOT = Path(__file__).parents[2]
PASSED_ON = 3
"""The first descriptor that a supervisor passes on."""


@contextmanager
def running(*, passed: Sequence[int] = (), wait: bool = True, **said: object) -> Iterator[subprocess.Popen[str]]:
    """Start one for a block; ``passed`` are listening sockets, ``said`` what :func:`main` understands."""
    program = [sys.executable, "-m", "tests.sidecar.process", json.dumps(said), ",".join(map(str, passed))]
    child = subprocess.Popen(
        program, cwd=ROOT, pass_fds=passed, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with child:
        try:
            if wait:
                assert child.stdout
                assert child.stdout.readline() == "ready\n", child.communicate()
            yield child
        finally:
            child.kill()


def stopped(child: subprocess.Popen[str]) -> int:
    """Ask it to stop, and return how it did."""
    child.terminate()
    return child.wait(20)


def main(said: Mapping[str, Any], passed: Sequence[int]) -> None:
    if files := said.get("files"):
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    given = environ(passed)  # before the loop has descriptors of its own
    asyncio.Runner(loop_factory=uvloop.new_event_loop if said.get("uvloop", True) else None).run(serve(said, given))


async def serve(said: Mapping[str, Any], given: Mapping[str, str]) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    uids = frozenset(said.get("uids", ()))
    settings = SidecarSettings(
        socket=UnixListening(path=Path(said["socket"]), mode=said.get("mode", 0o600), allow_uids=uids),
        admin=Address(host="127.0.0.1", port=said["admin"]) if "admin" in said else None,
    )
    with open_doors(settings, environ=given, monotonic=time.monotonic) as doors:
        server = Server(Hungry(), doors, Limits(**said.get("limits", {})))
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await server.serve(stop, 5)


def environ(passed: Sequence[int]) -> dict[str, str]:
    """Do what systemd does before exec: move the sockets to the front, and say for which process they are."""
    if not passed:
        return {}
    for number, file in enumerate(passed, PASSED_ON):
        os.dup2(file, number)
    return {"LISTEN_FDS": str(len(passed)), "LISTEN_PID": str(os.getpid())}


class Hungry(Tiny):
    """Takes every descriptor that is left at ``/eat``, and gives them back at ``/spit``."""

    def __init__(self) -> None:
        super().__init__()
        self.eaten: list[int] = []

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["path"] == "/eat":
            try:
                while True:
                    self.eaten.append(os.open(os.devnull, os.O_RDONLY))
            except OSError:
                pass
        elif scope["path"] == "/spit":
            while self.eaten:
                os.close(self.eaten.pop())
        await super().__call__(scope, receive, send)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), [int(file) for file in sys.argv[2].split(",") if file])
