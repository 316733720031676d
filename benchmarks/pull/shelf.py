"""What is pulled: put into a registry once, before anything is measured."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import httpx

from ocibroker.testing import Chart, chart
from ocibroker.testing.chart import CONFIG_TYPE, LAYER_TYPE, MANIFEST_TYPE

LARGE = 100 * 1000 * 1000
MANY = 200

Stock = dict[str, list[str]]
"""The references of each workload, without tags: all are 1.0.0."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A registry at ``address`` that trusts everybody, whose authority is in ``authority``."""

    address: str
    authority: Path

    def stock(self) -> Stock:
        """Put everything there and return what is there to be pulled."""
        with httpx.Client(base_url=f"https://{self.address}", verify=str(self.authority), trust_env=False) as http:
            large = _push(http, _large("large", os.urandom(LARGE)))
            small = [_push(http, chart(f"small-{number}", "1.0.0")) for number in range(MANY)]
        return {
            f"one chart of {LARGE // 1_000_000} MB": [f"{self.address}/{large}"],
            f"{MANY} small charts": [f"{self.address}/{one}" for one in small],
            "one small chart": [f"{self.address}/{small[0]}"],
        }


def _large(name: str, archive: bytes) -> Chart:
    """Return a chart in all but content, so that Helm takes it as well."""
    small = chart(name, "1.0.0")
    layers = [_descriptor(LAYER_TYPE, archive)]
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": _descriptor(CONFIG_TYPE, small.config),
        "layers": layers,
    }
    return Chart(name, "1.0.0", small.config, archive, json.dumps(manifest).encode())


def _descriptor(media_type: str, content: bytes) -> dict[str, str | int]:
    return {"mediaType": media_type, "digest": _digest(content), "size": len(content)}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _push(http: httpx.Client, artifact: Chart) -> str:
    repository = f"charts/{artifact.name}"
    for blob in artifact.blobs:
        place = httpx.URL(http.post(f"/v2/{repository}/blobs/uploads/").headers["location"])
        url = place.copy_merge_params({"digest": _digest(blob)})
        http.put(url, content=blob, timeout=60).raise_for_status()
    headers = {"Content-Type": artifact.media_type}
    http.put(
        f"/v2/{repository}/manifests/{artifact.tag}", content=artifact.manifest, headers=headers
    ).raise_for_status()
    return repository
