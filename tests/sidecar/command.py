"""``ocibroker serve`` as people run it: a process of its own, and what it says of itself."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import httpx
from prometheus_client.parser import text_string_to_metric_families

from ocibroker.deadline import Deadline
from ocibroker.transport.local import LocalClient
from tests.free_port import free_port
from tests.sidecar.served import Client, Reply, request

_PROGRAM: Final = Path(sys.executable).with_name("ocibroker")
_START: Final = 30.0
MARK: Final = {"Ocibroker-Request": "1"}
_ASKING: Final = ("Ocibroker-Request: 1", "Content-Type: application/octet-stream")


@dataclass(frozen=True)
class Sidecar:
    """``folder`` is its home, with its socket and its log; ``environ`` is all of its environment but its home.

    ``before`` are words before the program: another one that goes on as it.
    """

    folder: Path
    config: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    before: Sequence[str] = ()
    admin: str = field(default_factory=lambda: f"127.0.0.1:{free_port()}")

    @property
    def socket(self) -> Path:
        return self.folder / "broker.sock"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @contextmanager
    def started(self, stderr: IO[bytes] | int | None = None) -> Iterator[subprocess.Popen[bytes]]:
        """Run it until the block ends, without waiting for it; its log goes to ``stderr``, else to :attr:`log`."""
        places = ("--socket", str(self.socket), "--admin", self.admin)
        said = ("-vv", "--config", str(self.config), "serve", "--log-format", "json")
        command = [*self.before, str(_PROGRAM), *said, *places]
        environ = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), **self.environ}
        with (
            self.log.open("ab") as log,
            subprocess.Popen(
                command, cwd=self.folder, env=environ, stderr=log if stderr is None else stderr, stdout=log
            ) as process,
        ):
            try:
                yield process
            finally:
                process.kill()

    @contextmanager
    def serving(self, stderr: IO[bytes] | int | None = None) -> Iterator[subprocess.Popen[bytes]]:
        """The same, once it serves."""
        with self.started(stderr) as process:
            end = time.monotonic() + _START
            while not self.is_up:
                if process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"it does not serve:\n{self.log.read_text()}")
                time.sleep(0.02)
            yield process

    @property
    def is_up(self) -> bool:
        try:
            return self.get("/startupz").status_code == 200
        except httpx.TransportError:
            return False

    def get(self, path: str) -> httpx.Response:
        """Ask its admin listener."""
        return httpx.get(f"http://{self.admin}{path}", trust_env=False)

    def act(self, action: str, **said: str | float) -> httpx.Response:
        """Have it do something, as who asks at its socket."""
        with closing(LocalClient(str(self.socket))) as client:
            body = json.dumps(said).encode() if said else b""
            return client.post(f"/v1/admin/{action}", body, MARK, Deadline.after(_START))

    def metric(self, name: str, **labels: str) -> float:
        """Return the sum of the samples of that name with those labels."""
        families = text_string_to_metric_families(self.get("/metrics").text)
        samples = (sample for family in families for sample in family.samples)
        return sum(one.value for one in samples if one.name == name and labels.items() <= one.labels.items())

    def told(self, event: str) -> list[dict[str, Any]]:
        """Return the lines of its log of that event."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == event]

    def ask(self, registry: str) -> Reply:
        """Ask at its socket as Docker's helper does."""
        with self.asked(registry) as client:
            return client.reply()

    def asked(self, registry: str) -> Client:
        """Ask, and leave the answer to be read."""
        client = Client.of(self.socket)
        client.send(request("/v1/helpers/docker/get", *_ASKING, body=registry.encode()))
        return client
