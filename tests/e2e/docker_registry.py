"""Debian's ``docker-registry``, on loopback, over TLS, in a folder of its own."""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.e2e.authority import Authority, Certificate
from tests.e2e.registry_auth import Auth
from tests.e2e.requirement import executable

NAMES: Final = ("registry.test", "localhost", "127.0.0.1")
_START: Final = 15.0
_STOP: Final = 5.0


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
    authority: Authority, folder: Path, auth: Auth, *names: str, blobs: str = ""
) -> Iterator[DockerRegistry]:
    """Serve from ``folder`` until the block ends.

    ``names`` are its hosts beside the usual ones, ``blobs`` is the URL to which clients are sent for blobs.
    """
    command = _command()
    config, log = folder / "config.yml", folder / "registry.log"
    config.write_text(_configuration(authority.issue(*NAMES, *names), folder / "storage", auth, blobs))
    with log.open("wb") as output, _started([*command, "serve", str(config)], output.fileno()) as process:
        yield DockerRegistry(_port(process, log), log)


def _command() -> list[str]:
    # The kernel ends the registry with the tests, even if these are killed and clean nothing up.
    bound = [executable("setpriv", "apt-get install util-linux"), "--pdeathsig", "KILL"]
    return [*bound, executable("docker-registry", "apt-get install docker-registry")]


def _configuration(certificate: Certificate, storage: Path, auth: Auth, blobs: str) -> str:
    tls = {"certificate": str(certificate.chain), "key": str(certificate.key)}
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


@contextmanager
def _started(argv: list[str], output: int) -> Iterator[subprocess.Popen[bytes]]:
    # An empty environment, since REGISTRY_* variables would overrule the configuration.
    with subprocess.Popen(argv, stdout=output, stderr=subprocess.STDOUT, env={}) as process:
        try:
            yield process
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP)
    except subprocess.TimeoutExpired:
        process.kill()


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    """Return the port that the kernel chose; the registry names it in its log once it listens there."""
    end = time.monotonic() + _START
    while process.poll() is None and time.monotonic() < end:
        if found := re.search(r"listening on 127\.0\.0\.1:(\d+)", log.read_text()):
            return int(found[1])
        time.sleep(0.02)
    raise RuntimeError(f"docker-registry does not listen after {_START:g} s:\n{log.read_text()}")
