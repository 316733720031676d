"""A user's machine: a home folder, and none of what the developer's own machine has configured."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.clients import Completed, run
from tests.e2e.requirement import search_path

# Overlay file systems and systemd's control groups are not to be had in every container.
_STORAGE = """
[storage]
driver = "vfs"
graphroot = "{home}/graph"
runroot = "{home}/run"
"""
_CONTAINERS = """
[engine]
tmp_dir = "{home}/engine"
lock_type = "file"
cgroup_manager = "cgroupfs"
events_logger = "none"
[network]
network_config_dir = "{home}/networks"
"""


@dataclass(frozen=True)
class Workstation:
    """Where clients run; all that they remember is below ``home``."""

    home: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def create(cls, home: Path, settings: Mapping[str, str], helpers: Mapping[str, str]) -> "Workstation":
        """Furnish ``home``; ``helpers`` maps a registry's address to its credential helper."""
        policy = {"default": [{"type": "insecureAcceptAnything"}]}
        _write(home / ".docker" / "config.json", json.dumps({"credHelpers": dict(helpers)}))
        _write(home / ".config" / "containers" / "policy.json", json.dumps(policy))
        _write(home / "storage.conf", _STORAGE.format(home=home))
        _write(home / "containers.conf", _CONTAINERS.format(home=home))
        return cls(home, settings)

    def run(self, *argv: str) -> Completed:
        return run(argv, self.environ, self.home)

    @property
    def environ(self) -> Mapping[str, str]:
        return {
            "PATH": search_path(),
            "HOME": str(self.home),
            "TMPDIR": str(self.home),
            "XDG_RUNTIME_DIR": str(self.home / "run"),
            "DOCKER_CONFIG": str(self.home / ".docker"),
            "REGISTRY_AUTH_FILE": str(self.home / ".docker" / "config.json"),
            "CONTAINERS_STORAGE_CONF": str(self.home / "storage.conf"),
            "CONTAINERS_CONF": str(self.home / "containers.conf"),
            "OCIBROKER_SOCKET": "off",
            **self.settings,
        }


def _write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
