"""What the test registries hold."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from tests.e2e.artifact import Artifact
from tests.e2e.authority import Authority
from tests.e2e.chart import chart
from tests.e2e.docker_registry import DockerRegistry
from tests.e2e.image import image
from tests.e2e.workstation import Workstation

_DOCKERS: Final = "hello/docker"


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
    def dockers_image(self) -> str:
        """The image in Docker's own format: its client lists no other before version 23."""
        return f"{_DOCKERS}:{self.image.tag}"

    @property
    def scopes(self) -> list[str]:
        """What a token must open for :meth:`stock`."""
        repositories = (self.image.repository, self.chart.repository, _DOCKERS)
        return [f"repository:{repository}:pull,push" for repository in repositories]

    def stock(self, folder: Path, credential: Sequence[str]) -> Self:
        """Push both artifacts, and the image once more; ``credential`` are the options by which skopeo may."""
        workstation = Workstation.create(folder / "home", settings={}, helpers={})

        def push(source: str, name: str, form: str) -> None:
            options = [form, "--dest-cert-dir", str(self.authority.cert_dir), *credential]
            # By address and not by name, so that the preparation needs nothing in /etc/hosts.
            workstation.run(
                "skopeo", "copy", *options, source, f"docker://{self.server.local}/{name}"
            ).check_returncode()

        for artifact in (self.image, self.chart):
            push(artifact.lay_out(folder / artifact.repository), artifact.name, "--preserve-digests")
        push(self.image.lay_out(folder / _DOCKERS), self.dockers_image, "--format=v2s2")
        return self
