"""A node with a sidecar: a broker, and the application over it, at a socket where one is wanted."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import uvicorn

from ocibroker import Broker
from ocibroker.sidecar.application import Application, Receive, Send
from ocibroker.sidecar.generation import Generation
from ocibroker.sidecar.listener import Listener
from ocibroker.sidecar.peer import Peer
from tests.sidecar.asgi import SOCKET, Caller


@dataclass
class OneGeneration:
    """Always the same, until a test puts another in its place."""

    generation: Generation

    @contextmanager
    def lease(self) -> Iterator[Generation]:
        yield self.generation


@dataclass
class Node:
    """``listener`` is the socket's."""

    generations: OneGeneration
    application: Application
    listener: Listener

    @classmethod
    def of(cls, broker: Broker) -> Node:
        generations = OneGeneration(Generation(1, broker.config, broker))
        return cls(generations, Application(generations), SOCKET)

    @property
    def caller(self) -> Caller:
        return Caller(self.application, self.listener)

    def reload(self, broker: Broker) -> None:
        number = self.generations.generation.number + 1
        self.generations.generation = Generation(number, broker.config, broker)

    @contextmanager
    def at(self, path: Path) -> Iterator[Path]:
        """Serve at the Unix socket ``path`` by a stock server, in a thread."""
        with _serving(self._stated(), uds=str(path)):
            yield path

    @contextmanager
    def on(self, port: int) -> Iterator[str]:
        """Serve on a port of loopback."""
        address = f"127.0.0.1:{port}"
        self.listener = replace(self.listener, hosts=self.listener.hosts | {address})
        with _serving(self._stated(), host="127.0.0.1", port=port):
            yield address

    def _stated(self) -> Any:  # noqa: ANN401  # an ASGI application
        async def stated(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
            state = {"listener": self.listener, "peer": Peer(uid=1000)}
            await self.application({**scope, "state": state}, receive, send)

        return stated


@contextmanager
def _serving(application: Any, **place: Any) -> Iterator[None]:  # noqa: ANN401  # uvicorn's own settings
    settings = uvicorn.Config(application, log_config=None, access_log=False, **place)
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 10
    while not server.started and time.monotonic() < end:
        time.sleep(0.01)
    assert server.started
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)
