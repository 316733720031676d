"""A user's home with the logins and credential helpers of other tools."""

import base64
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ocibroker import Access, Basic, Broker

_HELPER = """#!{python} -I
import pathlib, sys
server = sys.stdin.read()
with pathlib.Path({log!r}).open("a") as log:
    log.write(f"{{sys.argv[1:]}} {{server}}\\n")
{code}
"""


@dataclass
class Clock:
    """Stands still until it is told."""

    seconds: float = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass(frozen=True)
class Laptop:
    home: Path
    clock: Clock = field(default_factory=Clock)
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        return {
            "HOME": str(self.home),
            "XDG_RUNTIME_DIR": str(self.home / "run"),
            "PATH": f"relative::{self.bin}",
            **self.variables,
        }

    @property
    def bin(self) -> Path:
        folder = self.home / "bin"
        folder.mkdir(mode=0o755, exist_ok=True)
        return folder

    @property
    def log(self) -> Path:
        return self.home / "asked"

    @property
    def docker(self) -> Path:
        return self.home / ".docker" / "config.json"

    def having(self, **variables: str) -> "Laptop":
        return replace(self, variables={**self.variables, **variables})

    def write(self, name: str, content: object) -> Path:
        """Write ``content`` as it is if it is text, else as JSON."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def configure(self, **config: object) -> Path:
        return self.write(".docker/config.json", config)

    def helper(self, suffix: str, code: str) -> Path:
        """Install a credential helper that logs what it is asked and then runs ``code``."""
        path = self.bin / f"docker-credential-{suffix}"
        path.write_text(_HELPER.format(python=sys.executable, log=str(self.log), code=code))
        path.chmod(0o755)
        return path

    @property
    def asked(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def broker(self) -> Broker:
        return Broker.from_config(environ=self.environ, clock=self.clock)

    def access(self, target: str) -> Access:
        with self.broker() as broker:
            return broker.access(target)

    def user(self, target: str) -> str | None:
        """Return as whom ``target`` would be reached; none is nobody."""
        credential = self.access(target).credential
        return credential.username if isinstance(credential, Basic) else None


def entry(user: str, password: str = "wonder") -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def logins(**users: str) -> dict[str, object]:
    """Return a file with a login at each host, its underscores being dots."""
    return {"auths": {host.replace("_", "."): entry(user) for host, user in users.items()}}


def answering(user: str, secret: str = "wonder") -> str:
    """Return the code of a helper that knows everybody as ``user``."""
    answer = json.dumps({"ServerURL": "x", "Username": user, "Secret": secret})
    return f"print({answer!r})"


MISS = "print('credentials not found in native keychain'); sys.exit(1)"
FAILURE = "print('hunter2 is locked'); sys.exit(1)"
