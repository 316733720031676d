"""A chart's folder as the artifact that ``helm push`` makes of it."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path

import yaml

MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True)
class PrivateChart:
    """A chart as a registry keeps it."""

    version: str
    manifest: bytes
    blobs: tuple[bytes, bytes]


def packed(folder: Path) -> PrivateChart:
    """Return the chart that lies in ``folder``."""
    metadata = yaml.safe_load((folder / "Chart.yaml").read_text())
    config, archive = json.dumps(metadata).encode(), io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as files:
        files.add(folder, metadata["name"])
    layer = archive.getvalue()
    manifest = {
        "schemaVersion": 2,
        "mediaType": MEDIA_TYPE,
        "config": _descriptor("config.v1+json", config),
        "layers": [_descriptor("chart.content.v1.tar+gzip", layer)],
    }
    return PrivateChart(metadata["version"], json.dumps(manifest).encode(), (config, layer))


def _descriptor(kind: str, content: bytes) -> dict[str, str | int]:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    return {"mediaType": f"application/vnd.cncf.helm.{kind}", "digest": digest, "size": len(content)}
