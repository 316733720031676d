"""Artifacts of the tests' own making."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ocibroker.oci.media_type import OCI_INDEX, OCI_MANIFEST

EMPTY = "application/vnd.oci.empty.v1+json"
IMAGE_CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def noise(size: int, seed: str = "noise") -> bytes:
    """The same bytes on every run, no part of them like another."""
    return hashlib.shake_256(seed.encode()).digest(size)


@dataclass(frozen=True)
class Blob:
    """Content, and what a manifest says of it; ``says`` overrules that."""

    content: bytes
    title: str | None = None
    media_type: str = LAYER
    urls: Sequence[str] = ()
    says: tuple[tuple[str, Any], ...] = ()

    @property
    def digest(self) -> str:
        return digest(self.content)

    @property
    def descriptor(self) -> dict[str, Any]:
        said: dict[str, Any] = {"mediaType": self.media_type, "digest": self.digest, "size": len(self.content)}
        if self.title is not None:
            said["annotations"] = {"org.opencontainers.image.title": self.title}
        if self.urls:
            said["urls"] = list(self.urls)
        return said | dict(self.says)


@dataclass(frozen=True)
class Artifact:
    """A manifest's bytes and the blobs that it names."""

    manifest: bytes
    media_type: str = OCI_MANIFEST
    blobs: tuple[bytes, ...] = ()

    @property
    def digest(self) -> str:
        return digest(self.manifest)

    def entry(self, platform: str = "") -> dict[str, Any]:
        said: dict[str, Any] = {"mediaType": self.media_type, "digest": self.digest, "size": len(self.manifest)}
        names = ("os", "architecture", "variant")
        return said | ({"platform": dict(zip(names, platform.split("/"), strict=False))} if platform else {})


def artifact(*layers: Blob, config: Blob = Blob(b"{}", media_type=EMPTY)) -> Artifact:
    said = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": config.descriptor,
        "layers": [layer.descriptor for layer in layers],
    }
    return Artifact(json.dumps(said).encode(), blobs=(config.content, *(layer.content for layer in layers)))


def image(*layers: bytes, architecture: str = "amd64") -> Artifact:
    config = Blob(json.dumps({"os": "linux", "architecture": architecture}).encode(), media_type=IMAGE_CONFIG)
    return artifact(*map(Blob, layers), config=config)


def index(images: Mapping[str, Artifact]) -> Artifact:
    """An index; the keys are platforms."""
    entries = [one.entry(platform) for platform, one in images.items()]
    said = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}
    return Artifact(json.dumps(said).encode(), OCI_INDEX)
