"""``docker-credential-ocibroker`` as it is installed, run as Docker runs it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Final

from tests.transport.raw_server import Script, saying

NAME: Final = "docker-credential-ocibroker"
INSTALLED: Final = Path(sys.executable).with_name(NAME)
SERVER: Final = b"registry.test"
FOUND: Final = b'{"ServerURL":"registry.test","Username":"alice","Secret":"from-the-sidecar"}\n'

Done = subprocess.CompletedProcess[bytes]


@dataclass(frozen=True)
class Helper:
    """A home in which ``registry.test`` has a password, for an answer without a sidecar."""

    home: Path
    program: Sequence[str | Path] = (INSTALLED,)
    environ: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def at_home(cls, home: Path) -> Helper:
        config = home / "config.toml"
        config.touch(mode=0o600)
        config.write_text(
            '[[registry]]\nmatch = "registry.test"\nprovider = "basic"\n'
            'options = { username = "alice", password = { file = "password" } }\n'
        )
        (home / "password").write_text("from-the-process")
        return cls(home)

    @property
    def surroundings(self) -> dict[str, str]:
        own = {"PATH": "/usr/bin:/bin", "HOME": str(self.home), "OCIBROKER_CONFIG": str(self.home / "config.toml")}
        return {**own, "XDG_RUNTIME_DIR": str(self.home), **self.environ}

    def run(self, *argv: str, stdin: bytes = SERVER, cwd: Path | None = None, **environ: str) -> Done:
        return subprocess.run(
            [*self.program, *argv],
            env={**self.surroundings, **environ},
            cwd=cwd or self.home,
            input=stdin,
            capture_output=True,
            check=False,
            timeout=60,
        )


def response(body: bytes = FOUND, status: str = "200 OK", **fields: str) -> bytes:
    """Return an answer of the sidecar; underscores of a field's name are hyphens."""
    own = {"Content-Length": str(len(body)), "Ocibroker-Exit": "0", "Content-Type": "application/octet-stream"}
    given = {name.replace("_", "-"): value for name, value in fields.items()}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in {**own, **given}.items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def answering(body: bytes = FOUND, status: str = "200 OK", **fields: str) -> Script:
    return saying(response(body, status, **fields))


def module() -> ModuleType:
    """Return the program's own parts, which nothing runs."""
    loader = SourceFileLoader("docker_credential_ocibroker", str(INSTALLED))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    loaded = module_from_spec(spec)
    loader.exec_module(loaded)
    return loaded
