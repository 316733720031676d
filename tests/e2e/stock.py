"""What the test registries hold."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.e2e.artifact import Artifact
from tests.e2e.authority import Authority
from tests.e2e.chart import chart
from tests.e2e.docker_registry import DockerRegistry
from tests.e2e.image import image
from tests.e2e.workstation import Workstation


@dataclass(frozen=True)
class Stock:
    """A running registry, and the ``image`` and ``chart`` in it."""

    server: DockerRegistry
    authority: Authority
    image: Artifact = field(default_factory=image, kw_only=True)
    chart: Artifact = field(default_factory=chart, kw_only=True)

    @property
    def address(self) -> str:
        """What real clients call it."""
        return self.server.address

    @property
    def scopes(self) -> list[str]:
        """What a token must open for :meth:`stock`."""
        return [f"repository:{artifact.repository}:pull,push" for artifact in (self.image, self.chart)]

    def stock(self, folder: Path, credential: Sequence[str]) -> Self:
        """Push both artifacts; ``credential`` are the options by which skopeo may."""
        workstation = Workstation.create(folder / "home", settings={}, helpers={})
        for artifact in (self.image, self.chart):
            source = artifact.lay_out(folder / artifact.repository)
            options = ["--preserve-digests", "--dest-cert-dir", str(self.authority.cert_dir), *credential]
            # By address and not by name, so that the preparation needs nothing in /etc/hosts.
            destination = f"docker://{self.server.local}/{artifact.name}"
            workstation.run("skopeo", "copy", *options, source, destination).check_returncode()
        return self
