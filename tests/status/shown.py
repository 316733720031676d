"""A status, served by the real server and application at a real admin listener."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ocibroker import Broker
from ocibroker.api.status import Status
from ocibroker.config import Address, SidecarSettings, UnixListening
from ocibroker.sidecar.application import Application
from ocibroker.sidecar.generation import Generation
from ocibroker.sidecar.status.endpoints import status_endpoints
from tests.sidecar.node import OneGeneration
from tests.sidecar.served import served

HOST = Address(host="127.0.0.1", port=0)


@contextmanager
def shown(broker: Broker, folder: Path, make: Callable[[int], Status]) -> Iterator[str]:
    """Serve for a block what ``make`` makes of a page's number; yields the ``host:port``."""

    async def status(page: int) -> Status:
        return make(page)

    generations = OneGeneration(Generation(1, broker.config, broker))
    application = Application(generations, admin=status_endpoints(status, HOST))
    settings = SidecarSettings(socket=UnixListening(path=folder / "socket"), admin=HOST)
    with served(settings, application=application) as server:
        yield f"127.0.0.1:{server.ports['admin']}"
