"""An image for several platforms, and the OCI image layout that carries it into a registry."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.e2e.artifact import Artifact, Blob, lay_out
from tests.e2e.image import image

INDEX: Final = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True)
class ImageIndex:
    """The keys of ``images`` are architectures of Linux."""

    tag: str
    images: Mapping[str, Artifact]

    @property
    def manifest(self) -> Blob:
        entries = [
            one.manifest.descriptor | {"platform": {"os": "linux", "architecture": architecture}}
            for architecture, one in self.images.items()
        ]
        return Blob(INDEX, json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode())

    def lay_out(self, folder: Path) -> str:
        """Write an OCI image layout and return how skopeo calls it."""
        more = [blob for one in self.images.values() for blob in (one.manifest, one.config, one.layer)]
        return lay_out(folder, self.tag, self.manifest, more)


def image_index() -> ImageIndex:
    return ImageIndex("1", {name: image(name) for name in ("amd64", "arm64")})
