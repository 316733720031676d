"""A Helm chart with one empty template in it."""

import gzip
import json

from tests.e2e.archive import tar
from tests.e2e.artifact import Artifact, Blob


def chart() -> Artifact:
    metadata = json.dumps({"apiVersion": "v2", "name": "hello", "version": "0.1.0"}).encode()
    # A chart's metadata is YAML, of which JSON is a part.
    package = tar({"hello/Chart.yaml": metadata, "hello/templates/empty.yaml": b""})
    return Artifact(
        "charts/hello",
        "0.1.0",
        Blob("application/vnd.cncf.helm.config.v1+json", metadata),
        Blob("application/vnd.cncf.helm.chart.content.v1.tar+gzip", gzip.compress(package, mtime=0)),
    )
