"""A container image with one file in it."""

import gzip
import hashlib
import json

from tests.e2e.archive import tar
from tests.e2e.artifact import Artifact, Blob


def image(architecture: str = "amd64") -> Artifact:
    layer = tar({"hello.txt": b"hello\n"})
    config = {
        "architecture": architecture,
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }
    return Artifact(
        "hello/image",
        "1",
        Blob("application/vnd.oci.image.config.v1+json", json.dumps(config).encode()),
        Blob("application/vnd.oci.image.layer.v1.tar+gzip", gzip.compress(layer, mtime=0)),
    )
