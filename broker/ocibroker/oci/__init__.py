"""The registry's content: references, manifests, blobs, and pulling them into files.

    with ocibroker.Broker.from_config() as broker:
        pulled = ocibroker.oci.pull(broker, "oci://registry.example.com/charts/app", "charts", Wish(version="^1.2"))

Follows the OCI distribution specification 1.1 and the OCI image specification 1.1.
"""

from ocibroker.oci.artifact import Pulled
from ocibroker.oci.descriptor import Descriptor, Platform
from ocibroker.oci.digest import Digest
from ocibroker.oci.exchange import Content
from ocibroker.oci.halt import Halt
from ocibroker.oci.manifest import Manifest
from ocibroker.oci.progress import Progress
from ocibroker.oci.pull import pull, pull_async, pull_many
from ocibroker.oci.reference import Reference
from ocibroker.oci.repository import Repository
from ocibroker.oci.resolution import Wish

__all__ = [
    "Content",
    "Descriptor",
    "Digest",
    "Halt",
    "Manifest",
    "Platform",
    "Progress",
    "Pulled",
    "Reference",
    "Repository",
    "Wish",
    "pull",
    "pull_async",
    "pull_many",
]
