"""An artifact of one layer, and the OCI image layout that carries it into a registry."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True)
class Blob:
    """Content and what it is."""

    media_type: str
    content: bytes

    @property
    def digest(self) -> str:
        return f"sha256:{hashlib.sha256(self.content).hexdigest()}"

    @property
    def descriptor(self) -> dict[str, object]:
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.content)}


@dataclass(frozen=True)
class Artifact:
    """What is pushed to ``repository:tag``; the same bytes, thus the same digests, on every run."""

    repository: str
    tag: str
    config: Blob
    layer: Blob

    @property
    def name(self) -> str:
        return f"{self.repository}:{self.tag}"

    @property
    def manifest(self) -> Blob:
        content = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.config.descriptor,
            "layers": [self.layer.descriptor],
        }
        return Blob(MANIFEST, json.dumps(content).encode())

    @property
    def digest(self) -> str:
        return self.manifest.digest

    def lay_out(self, folder: Path) -> str:
        """Write an OCI image layout and return how skopeo calls it."""
        return lay_out(folder, self.tag, self.manifest, (self.config, self.layer))


def lay_out(folder: Path, tag: str, root: Blob, more: Iterable[Blob]) -> str:
    """Write an OCI image layout of ``root``, which is a manifest or an index, and what it names."""
    store = folder / "blobs" / "sha256"
    store.mkdir(parents=True)
    for blob in (root, *more):
        (store / blob.digest.removeprefix("sha256:")).write_bytes(blob.content)
    entry = root.descriptor | {"annotations": {"org.opencontainers.image.ref.name": tag}}
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    return f"oci:{folder}:{tag}"
