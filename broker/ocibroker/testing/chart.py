"""A small Helm chart as an OCI artifact."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from dataclasses import dataclass

from ocibroker.testing.digest import digest_of

CONFIG_TYPE = "application/vnd.cncf.helm.config.v1+json"
LAYER_TYPE = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True)
class Chart:
    """The three parts of a chart in a registry; ``layer`` is the chart's archive, gzip of tar."""

    name: str
    version: str
    config: bytes
    layer: bytes
    manifest: bytes
    media_type: str = MANIFEST_TYPE

    @property
    def tag(self) -> str:
        """The version as Helm writes it in a tag, where ``+`` is not allowed."""
        return self.version.replace("+", "_")

    @property
    def digest(self) -> str:
        """The manifest's digest."""
        return digest_of(self.manifest)

    @property
    def blobs(self) -> tuple[bytes, bytes]:
        """What the manifest refers to: config and layer."""
        return self.config, self.layer


def chart(name: str, version: str) -> Chart:
    """Return a chart of one ConfigMap; equal arguments give equal bytes."""
    metadata = {"apiVersion": "v2", "name": name, "version": version, "type": "application"}
    config = json.dumps(metadata).encode()
    layer = _archive({f"{name}/Chart.yaml": config, f"{name}/templates/configmap.yaml": _template(name)})
    annotations = {
        "org.opencontainers.image.title": name,
        "org.opencontainers.image.version": version,
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": _descriptor(CONFIG_TYPE, config),
        "layers": [_descriptor(LAYER_TYPE, layer)],
        "annotations": annotations,
    }
    return Chart(name, version, config, layer, json.dumps(manifest).encode())


def _template(name: str) -> bytes:
    # JSON is YAML: no need for a library, here or in Chart.yaml.
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}).encode()


def _descriptor(media_type: str, content: bytes) -> dict[str, str | int]:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def _archive(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with (
        gzip.GzipFile(filename="", fileobj=packed, mode="wb", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()
