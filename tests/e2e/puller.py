"""A machine on which `ocibroker pull` and the real clients work side by side, with one account."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.clients import Completed
from tests.e2e.served import Served
from tests.e2e.stocked_registry import StockedRegistry
from tests.e2e.workstation import Workstation


@dataclass(frozen=True)
class Puller:
    """The credentials of all clients come from the broker."""

    registry: StockedRegistry
    workstation: Workstation

    @classmethod
    def of(cls, registry: StockedRegistry, folder: Path) -> "Puller":
        settings = {"OCIBROKER_CONFIG": str(Served.of(registry).configure(folder))}
        workstation = Workstation.create(folder / "home", settings, helpers={registry.address: "ocibroker"})
        (workstation.home / "helms").mkdir()  # Helm makes no folder
        return cls(registry, workstation)

    @property
    def home(self) -> Path:
        return self.workstation.home

    def run(self, *argv: str) -> Completed:
        """Run a client that must succeed."""
        done = self.workstation.run(*argv)
        assert (done.returncode, done.stderr) == (0, done.stderr)
        return done

    def pull(self, *argv: str, into: str = "ours") -> list[Path]:
        """Run `ocibroker pull`, and return the paths that it prints."""
        printed = self.run("ocibroker", "pull", "-o", into, *argv).stdout
        return [self.home / line for line in printed.splitlines()]

    def helm(self, *argv: str) -> Completed:
        return self.run("helm", *argv, f"--ca-file={self.registry.authority.bundle}")

    def copy(self, source: str, name: str, *options: str) -> str:
        """Have skopeo copy an image into the registry as ``name``, and return the digest that it has there."""
        place = f"docker://{self.registry.address}/{name}"
        trust = f"--dest-cert-dir={self.registry.authority.cert_dir}"
        self.run("skopeo", "copy", "--all", trust, *options, source, place)
        return self.digest(place)

    def digest(self, place: str) -> str:
        """Return the digest of what skopeo reads there."""
        trust = f"--cert-dir={self.registry.authority.cert_dir}"
        manifest = self.run("skopeo", "inspect", "--raw", trust, place).stdout
        return f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"

    def files(self, folder: str) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (self.home / folder).iterdir()}
