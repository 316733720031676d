"""A registry over TLS, a broker that knows it, and a folder to pull into."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ocibroker import Broker
from ocibroker.oci import Halt, Pulled, Wish, pull
from ocibroker.oci.filename import RESERVED
from ocibroker.oci.resolution import ANY
from ocibroker.testing import EmbeddedRegistry
from tests.oci.stock import Artifact, digest
from tests.transport.brokers import Desk, rule

HOST = "registry.test"
REPOSITORY = "team/app"


class Hasty(Halt):
    """Never waits; ``pauses`` are what it was asked to."""

    def __init__(self, above: Halt | None = None) -> None:
        super().__init__(above)
        self.pauses: list[float] = above.pauses if isinstance(above, Hasty) else []

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.check()


@dataclass(frozen=True)
class Shop:
    """``folder`` is where :meth:`pull` writes."""

    registry: EmbeddedRegistry
    broker: Broker
    desk: Desk
    folder: Path
    halt: Hasty = field(default_factory=Hasty)

    def push(self, stocked: Artifact, tag: str = "1", repository: str = REPOSITORY) -> str:
        """Return the reference."""
        self.registry.push(repository, tag, stocked.manifest, stocked.media_type, stocked.blobs)
        return f"{self.registry.address}/{repository}:{tag}"

    def pull(self, reference: str, wish: Wish = ANY, **more: Any) -> Pulled:  # noqa: ANN401
        return pull(self.broker, reference, self.folder, wish, halt=self.halt, **more)

    def blob_path(self, content: bytes, repository: str = REPOSITORY) -> str:
        return f"/v2/{repository}/blobs/{digest(content)}"

    def ranges(self, content: bytes) -> list[str]:
        """The ``Range`` of each request for that blob since the last look."""
        asked = self.registry.requests.take()
        return [one.headers.get("range", "") for one in asked if one.path.endswith(digest(content))]

    @property
    def files(self) -> dict[str, bytes]:
        """What is there under its final name."""
        return {name: content for name, content in self.everything.items() if not name.startswith(RESERVED)}

    @property
    def partials(self) -> dict[str, bytes]:
        """What has begun to grow."""
        return {name: content for name, content in self.everything.items() if name.startswith(RESERVED)}

    @property
    def everything(self) -> dict[str, bytes]:
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in found}


@contextmanager
def opened(folder: Path, tls: ssl.SSLContext, password: str, roots: Path) -> Iterator[Shop]:
    """Have a shop whose registry wants alice's password; it pulls into ``out`` in ``folder``."""
    desk = Desk(folder / "home", roots)
    desk.folder.mkdir()
    with EmbeddedRegistry(tls=tls, users={"alice": password}, host=HOST) as registry, closing(desk):
        yield Shop(registry, desk.broker(rule(registry.address, password=password)), desk, folder / "out")
