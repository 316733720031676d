"""The server in a thread of the test's process, and a client that may do what a good one would not."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import uvloop

from ocibroker.config import SidecarSettings
from ocibroker.sidecar.doors import open_doors
from ocibroker.sidecar.gate import Application
from ocibroker.sidecar.limits import Limits
from ocibroker.sidecar.peer import Peer
from ocibroker.sidecar.repeats import Repeat, none_repeats
from ocibroker.sidecar.server import Server
from tests.sidecar.application import Tiny

LOOPS: Mapping[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}
PATIENCE = 10.0


class Served:
    """A server that runs; ``denied`` counts who was not let in by the reason, ``strangers`` says who it was."""

    def __init__(
        self,
        settings: SidecarSettings,
        limits: Limits,
        environ: Mapping[str, str],
        application: Application | None,
        repeat: Repeat,
    ) -> None:
        self._application, self._repeat = application, repeat
        self.denied: Counter[str] = Counter()
        self.strangers: list[str] = []
        self.ports: dict[str, int] = {}
        self.seconds = 0.0
        self._settings, self._limits, self._environ = settings, limits, environ
        self._ready = threading.Event()
        self._failure: BaseException | None = None

    def run(self, loop: str, grace: float) -> None:
        try:
            with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
                runner.run(self._serve(grace))
        except BaseException as error:  # noqa: BLE001  # raised again in the test's own thread
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self, grace: float) -> None:
        self.loop, self.stop, self.tiny = asyncio.get_running_loop(), asyncio.Event(), Tiny()
        with open_doors(self._settings, environ=self._environ, monotonic=time.monotonic) as doors:
            self.doors = {door.name: door for door in doors}
            for door in doors:
                where = door.socket.getsockname()
                self.ports[door.listener.name] = where[1] if isinstance(where, tuple) else 0
            self.hosts = {door.listener.name: door.listener.hosts for door in doors}
            application = self._application or self.tiny
            server = Server(application, doors, self._limits, repeat=self._repeat, denied=self._count)
            self._ready.set()
            await server.serve(self.stop, grace)

    def _count(self, listener: str, peer: Peer, reason: str) -> None:
        self.denied[reason] += 1
        self.strangers.append(f"{peer} at {listener}")

    def wait(self) -> None:
        self._ready.wait(PATIENCE)
        if self._failure:
            raise self._failure

    def tell(self, deed: Callable[[], object]) -> None:
        self.loop.call_soon_threadsafe(deed)


@contextmanager
def served(
    settings: SidecarSettings,
    *,
    limits: Limits | None = None,
    loop: str = "uvloop",
    grace: float = 5.0,
    environ: Mapping[str, str] | None = None,
    application: Application | None = None,
    repeat: Repeat = none_repeats,
) -> Iterator[Served]:
    """Serve for a block; raises what kept the server from it."""
    one = Served(settings, limits or Limits(), environ or {}, application, repeat)
    thread = threading.Thread(target=one.run, args=(loop, grace))
    thread.start()
    try:
        one.wait()
        yield one
    finally:
        if thread.is_alive():
            one.tell(one.stop.set)
        thread.join(PATIENCE)
        assert not thread.is_alive()
    one.wait()


class Client:
    """A connection; ``ask`` keeps it alive."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        connection.settimeout(PATIENCE)
        self._left = b""

    @classmethod
    def of(cls, place: Path | int) -> Self:
        family = socket.AF_UNIX if isinstance(place, Path) else socket.AF_INET
        connection = socket.socket(family)
        connection.connect(str(place) if isinstance(place, Path) else ("127.0.0.1", place))
        return cls(connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def ask(self, path: str = "/", *headers: str, body: bytes = b"") -> Reply:
        self.send(request(path, *headers, body=body))
        return self.reply()

    def reply(self) -> Reply:
        """Return the next reply; raises ``EOFError`` where the connection ends before."""
        while b"\r\n\r\n" not in self._left:
            self._more()
        head, _, self._left = self._left.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        size = int(headers["content-length"])
        while len(self._left) < size:
            self._more()
        body, self._left = self._left[:size], self._left[size:]
        return Reply(int(first.split()[1]), headers, body)

    def rest(self) -> bytes:
        """Return all that comes until the connection ends."""
        try:
            while True:
                self._more()
        except (EOFError, ConnectionError):
            return self._left

    def _more(self) -> None:
        data = self.connection.recv(65536)
        if not data:
            raise EOFError
        self._left += data


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def said(self) -> dict[str, object]:
        said: dict[str, object] = json.loads(self.body)
        return said


def request(path: str = "/", *headers: str, body: bytes = b"") -> bytes:
    lines = (f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}", *headers, "", "")
    return "\r\n".join(lines).encode() + body


def until(true: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait until ``true`` says so; an assertion fails after that many seconds."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to that in time"
        time.sleep(0.01)
