"""Real clients at work through the light helper, while the token that they need is renewed every few seconds."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from ocibroker.errors import OcibrokerError
from tests.e2e import client as pulling
from tests.e2e.client import CLIENTS, DOCKER
from tests.e2e.workstation import Workstation
from tests.sidecar.served import Client
from tests.soak.asked import Asked
from tests.soak.fleet import Fleet
from tests.soak.question import Asking, question
from tests.soak.town import HOST

SERVED: Final = [*(one for one in CLIENTS if one.name in {"helm pull", "skopeo inspect", "podman pull"}), DOCKER]
ROTATION: Final = 3.0
"""Seconds between tokens."""
VISIT: Final = 0.5
"""Seconds between two connections over TCP."""
_PATIENCE: Final = 20.0


@dataclass(frozen=True)
class Run:
    """One run of a client, or one renewal, in the seconds of ``time.time``; ``wrong`` is what was, if anything."""

    name: str
    begin: float
    end: float
    wrong: str = ""


@dataclass(frozen=True)
class Shift:
    """Clients at work, each with a ``rest`` of so many seconds, and what came of it.

    ``visits`` are questions over TCP.
    """

    fleet: Fleet
    rest: float
    runs: list[Run] = field(default_factory=list)
    rotations: list[Run] = field(default_factory=list)
    visits: list[Asked] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Have each client at work for a block, and tokens rotated."""
        with ThreadPoolExecutor(len(SERVED) + 2) as threads:
            work = [threads.submit(self._repeat, client) for client in SERVED]
            work += [threads.submit(self._rotate), threads.submit(self._visit)]
            try:
                yield
            finally:
                self.over.set()
        for one in work:
            one.result()

    def _repeat(self, client: pulling.Client) -> None:
        workstation = self.fleet.town.workstation(client.name)
        while not self.over.wait(self.rest):
            self.runs.append(_timed(client.name, lambda: self._outcome(client, workstation)))

    def _outcome(self, client: pulling.Client, workstation: Workstation) -> str:
        registry = self.fleet.town.registry
        # Trust is the system's here: Helm knows one or a proxy.
        done = workstation.run(*client.untold(registry))
        if done.returncode:
            return done.stderr.strip() or f"status {done.returncode}"
        as_expected = client.received(registry, workstation, done) == client.expected(registry)
        return "" if as_expected else "got something else"

    def _rotate(self) -> None:
        while not self.over.wait(ROTATION):
            self.rotations.append(_timed("refresh", self._renewal))

    def _renewal(self) -> str:
        try:
            answer = self.fleet.sidecar.act("refresh", target=HOST)
        except OcibrokerError as error:
            return type(error).__name__
        return answer.text if answer.is_error else ""

    def _visit(self) -> None:
        """Come by a connection of one's own each time, as the newest certificate must let one."""
        fleet, trust = self.fleet, ssl.create_default_context(cadata=self.fleet.authority.pem)
        bearing, host = f"Authorization: Bearer {fleet.bearer.read_text()}", next(iter(fleet.hosts))
        request = question(host, bearing, to=f"127.0.0.1:{fleet.port}")

        def connect() -> Client:
            plain = socket.create_connection(("127.0.0.1", fleet.port), _PATIENCE)
            return Client(trust.wrap_socket(plain, server_hostname="127.0.0.1"))

        while not self.over.wait(VISIT):
            asking = Asking(connect)
            self.visits.append(asking.ask(host, request))
            asking.close()


def _timed(name: str, work: Callable[[], str]) -> Run:
    begin, wrong = time.time(), work()
    return Run(name, begin, time.time(), wrong)
