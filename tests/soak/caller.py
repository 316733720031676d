"""``python -m tests.soak.caller SOCKET RATE FILE HOST …``: ask for each in turn, so often a second; write it down.

A process of its own, so that what is timed is the sidecar and not the emulators. It ends with its standard input.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import count
from pathlib import Path
from typing import Final

import msgspec

from tests.soak.asked import Asked

ROOT: Final = Path(__file__).parents[2]
WORKERS: Final = 8
"""Connections that are kept; who waits for one holds up none of the others."""
MIN_TTL: Final = 5.0
"""Seconds of life that are wanted: an hour's token is asked for a minute, and these live for two."""
_PATIENCE: Final = 20.0
_AGAIN: Final = 0.05
_BEHIND: Final = 1.0
"""Seconds after which a question that could not be asked in time is not asked any more."""
_HEADERS: Final = {"Host": "ocibroker", "Ocibroker-Request": "1", "Content-Type": "application/json"}


class Connection(HTTPConnection):
    """HTTP/1.1 over the Unix socket ``place``."""

    def __init__(self, place: str) -> None:
        super().__init__("ocibroker", timeout=_PATIENCE)
        self._place = place

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(_PATIENCE)
        self.sock.connect(self._place)


@dataclass
class Caller:
    """Asks for ``hosts`` in turn, ``rate`` times a second; ``tell`` is given each outcome."""

    connect: Callable[[], HTTPConnection]
    hosts: Sequence[str]
    rate: float
    tell: Callable[[Asked], object]
    over: threading.Event = field(default_factory=threading.Event)

    def work(self, number: int, of: int) -> None:
        """Be one of ``of`` workers, until it is over."""
        connection, begin = self.connect(), time.monotonic()
        for turn in count(number, of):
            early = begin + turn / self.rate - time.monotonic()
            if early < -_BEHIND:
                continue
            if self.over.wait(max(early, 0)):
                break
            asked = ask(connection, self.hosts[turn % len(self.hosts)])
            self.tell(asked)
            if not asked.status:
                connection.close()
                self.over.wait(_AGAIN)
        connection.close()


def ask(connection: HTTPConnection, host: str, **headers: str) -> Asked:
    """Ask once, for the credential of ``host``."""
    body = json.dumps({"registry": host, "min_ttl": MIN_TTL})
    at, begin = time.time(), time.perf_counter()
    try:
        connection.request("POST", "/v1/credentials", body, {**_HEADERS, **headers})
        response = connection.getresponse()
        status, said = response.status, response.read()
    except (OSError, HTTPException) as error:
        connection.close()
        return Asked(at, time.perf_counter() - begin, host, 0, code=type(error).__name__)
    seconds, answer = time.perf_counter() - begin, json.loads(said)
    return Asked(at, seconds, host, status, answer.get("secret") or "", answer.get("code") or "")


@contextmanager
def calling(place: Path, hosts: Sequence[str], rate: float, into: Path) -> Iterator[None]:
    """Have that done by a process, for a block; :func:`~tests.soak.asked.read` reads ``into`` afterwards."""
    command = [sys.executable, "-m", "tests.soak.caller", str(place), str(rate), str(into), *hosts]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE) as process:
        yield
        process.communicate(timeout=2 * _PATIENCE)
        assert process.returncode == 0


def main(place: str, rate: str, into: str, *hosts: str) -> None:
    lock, encoder = threading.Lock(), msgspec.json.Encoder()
    with Path(into).open("wb") as file:

        def tell(asked: Asked) -> None:
            with lock:
                file.write(encoder.encode(asked) + b"\n")

        caller = Caller(lambda: Connection(place), hosts, float(rate), tell)
        threads = [threading.Thread(target=caller.work, args=(number, WORKERS)) for number in range(WORKERS)]
        for thread in threads:
            thread.start()
        sys.stdin.read()
        caller.over.set()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
