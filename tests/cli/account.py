"""A desk, a registry, and what a person does to log in there."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ocibroker.authfile import AuthFile, Login
from ocibroker.target import Target
from ocibroker.testing import EmbeddedRegistry
from tests.cli.desk import Desk, Outcome
from tests.cli.drawer import WHERE

ROOT = Path(__file__).parents[2]
PASSWORD = "canary-Kw27"


@dataclass(frozen=True)
class Account:
    desk: Desk
    registry: EmbeddedRegistry
    ca: Path

    @property
    def address(self) -> str:
        return self.registry.address

    @property
    def file(self) -> Path:
        return self.desk.config.with_name("auth.json")

    @property
    def environ(self) -> Mapping[str, str]:
        return {"SSL_CERT_FILE": str(self.ca)}

    def at(self, path: str = "") -> Login | None:
        return AuthFile.read(self.file).login(Target.parse(f"{self.address}{path}"))

    def login(self, *argv: str, password: str = PASSWORD) -> Outcome:
        """Log in within this process, with the password piped in and kept in the file."""
        options = ("--username", "alice", "--password-stdin", "--file")
        return self.desk.run("-vv", "login", *options, *argv, stdin=password, **self.environ)

    def keyring(self, *argv: str, backend: str = "tests.cli.drawer.Drawer", password: str = PASSWORD) -> Outcome:
        """Run the command where that keyring is."""
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        environ = {"PYTHON_KEYRING_BACKEND": backend, WHERE: str(self.drawer), "PYTHONPATH": path}
        return self.desk.process("-vv", *argv, stdin=password, **self.environ, **environ)

    @property
    def drawer(self) -> Path:
        return self.desk.home / "drawer.json"

    @property
    def held(self) -> dict[str, str]:
        held: dict[str, str] = json.loads(self.drawer.read_text()) if self.drawer.exists() else {}
        return held
