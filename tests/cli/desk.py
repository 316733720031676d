"""A user's home folder, and the two ways in which the command line is run there."""

import io
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ocibroker.cli.person import Person
from ocibroker.cli.run import run

_NOT_OURS = ("OCIBROKER_", "SSL_CERT_", "XDG_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "_OCIBROKER")


@dataclass(frozen=True)
class Outcome:
    code: int
    stdout: str
    stderr: str

    @property
    def everything(self) -> str:
        return self.stdout + self.stderr


@dataclass(frozen=True)
class Desk:
    home: Path

    @property
    def config(self) -> Path:
        return self.home / "config" / "ocibroker" / "config.toml"

    @property
    def environ(self) -> Mapping[str, str]:
        return {"HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home / "config")}

    def configure(self, text: str) -> Path:
        self.config.parent.mkdir(parents=True, exist_ok=True)
        self.config.touch(mode=0o600)
        self.config.write_text(text)
        return self.config

    def write(self, name: str, content: str) -> Path:
        path = self.home / name
        path.touch(mode=0o600)
        path.write_text(content)
        return path

    def run(self, *argv: str, stdin: str = "", tty: str = "", **environ: str) -> Outcome:
        """Run it within this process."""
        stdout, stderr, person = io.StringIO(), io.StringIO(), Person(io.BytesIO(stdin.encode()), tty)
        code = run(argv, environ={**self.environ, **environ}, stdout=stdout, stderr=stderr, person=person)
        return Outcome(code, stdout.getvalue(), stderr.getvalue())

    def command(self, *argv: str) -> list[str]:
        return [sys.executable, "-W", "error", "-m", "ocibroker", *argv]

    def surroundings(self, **environ: str) -> dict[str, str]:
        """Return what a process gets: the tests' own environment, without what the developer has configured."""
        kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(_NOT_OURS)}
        return {**kept, **self.environ, **environ}

    def process(self, *argv: str, stdin: str = "", **environ: str) -> Outcome:
        """Run it as users do."""
        done = subprocess.run(
            self.command(*argv),
            env=self.surroundings(**environ),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)
