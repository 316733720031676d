"""An empty home with the broker's configuration, whose clients know nothing but what ``setup`` tells them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.e2e.clients import Completed, run
from tests.e2e.workstation import Workstation


@dataclass(frozen=True)
class Household(Workstation):
    """Nothing names a file of logins or certificates: clients find what they find at their usual places."""

    @classmethod
    def furnish(cls, home: Path, configuration: Path, **settings: str) -> Household:
        made = cls.create(home, settings={"OCIBROKER_CONFIG": str(configuration), **settings}, helpers={})
        (home / ".docker" / "config.json").unlink()
        (home / ".docker").rmdir()
        return cls(made.home, made.settings)

    @property
    def environ(self) -> dict[str, str]:
        without = {"DOCKER_CONFIG", "REGISTRY_AUTH_FILE"}
        return {name: value for name, value in super().environ.items() if name not in without}

    @property
    def configured(self) -> dict[Path, bytes]:
        """What lies where clients look for settings."""
        folders = (self.home / name for name in (".config", ".docker"))
        return {path: path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}

    def setup(self, *argv: str) -> Completed:
        done = run(("ocibroker", "setup", *argv), self.environ, self.home)
        assert done.returncode == 0, done.stderr
        return done
