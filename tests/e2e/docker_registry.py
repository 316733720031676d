"""Debian's ``docker-registry``, on loopback, over TLS, in a folder of its own."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.e2e import server_process
from tests.e2e.authority import Authority, Certificate
from tests.e2e.registry_auth import Auth
from tests.e2e.requirement import executable

NAMES: Final = ("registry.test", "localhost", "127.0.0.1")


@dataclass(frozen=True)
class DockerRegistry:
    """A running registry."""

    port: int
    log: Path

    @property
    def address(self) -> str:
        """For real clients, which need the name in ``/etc/hosts``."""
        return f"{NAMES[0]}:{self.port}"

    @property
    def local(self) -> str:
        """For whoever needs no name."""
        return f"127.0.0.1:{self.port}"


@contextmanager
def serving(
    authority: Authority, folder: Path, auth: Auth, *, blobs: str = "", clients: Path | None = None
) -> Iterator[DockerRegistry]:
    """Serve from ``folder`` until the block ends.

    ``blobs`` is the URL to which clients are sent for blobs, ``clients`` whom to trust with a client's certificate.
    """
    program = executable("docker-registry", "apt-get install docker-registry")
    config, log = folder / "config.yml", folder / "registry.log"
    config.write_text(_configuration(authority.issue(*NAMES), folder / "storage", auth, blobs, clients))
    # An empty environment, since REGISTRY_* variables would overrule the configuration.
    with server_process.serving([program, "serve", str(config)], log, r"listening on 127\.0\.0\.1:(\d+)") as port:
        yield DockerRegistry(port, log)


def _configuration(certificate: Certificate, storage: Path, auth: Auth, blobs: str, clients: Path | None) -> str:
    tls: dict[str, object] = {"certificate": str(certificate.chain), "key": str(certificate.key)}
    if clients:
        tls["clientcas"] = [str(clients)]
    sections = {
        "version": "0.1",
        "log": {"level": "info"},
        "storage": {"filesystem": {"rootdirectory": str(storage)}, "delete": {"enabled": True}},
        "http": {"addr": "127.0.0.1:0", "secret": "shared by no one", "tls": tls},
        "auth": auth,
        "middleware": blobs and {"storage": [{"name": "redirect", "options": {"baseurl": blobs}}]},
    }
    # The registry reads YAML, of which JSON is a part.
    return json.dumps({name: section for name, section in sections.items() if section})
