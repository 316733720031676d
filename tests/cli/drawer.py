"""Keyrings for tests, chosen as any is: ``PYTHON_KEYRING_BACKEND=tests.cli.drawer.Drawer``."""

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.backends.chainer import ChainerBackend
from keyring.backends.null import Keyring as Null
from keyring.errors import KeyringLocked

WHERE = "TEST_DRAWER"


class Drawer(KeyringBackend):
    """Keeps secrets in the file that a variable names, so that a test can look."""

    priority = 1.0

    def get_password(self, service: str, username: str) -> str | None:
        return contents().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        _write({**contents(), f"{service} {username}": password})

    def delete_password(self, service: str, username: str) -> None:
        held = dict(contents())
        del held[f"{service} {username}"]
        _write(held)


class Locked(Drawer):
    """Nobody has unlocked it; its error shows what it was given, as some do."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked(f"{service} {username} {password}")


class Chain(ChainerBackend):
    """First one that keeps nothing, then one that does."""

    priority = 1.0
    backends = (Null(), Drawer())  # type: ignore[no-untyped-call]


def contents() -> dict[str, str]:
    path = Path(os.environ[WHERE])
    held: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    return held


def _write(held: dict[str, str]) -> None:
    Path(os.environ[WHERE]).write_text(json.dumps(held))
