"""Which hosts are registries of Azure's."""

from __future__ import annotations

import re
from typing import Final

PUBLIC: Final = "mcr.microsoft.com"
"""Microsoft's own registry, which asks nobody who they are."""

_REGISTRY: Final = re.compile(
    r"[a-z0-9]{5,50}(?:-[a-z0-9]+)?(?:\.[a-z0-9]+\.geo)?\.(?P<suffix>azurecr\.(?:io|cn|us))", re.ASCII
)
"""A name of 5 to 50 letters and digits, the hash of a domain name label, and a region of geo-replication.

Microsoft Cloud Germany, whose registries were below ``azurecr.de``, was closed in 2021. Names with ``.data`` are
those of blobs.

https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftcontainerregistry
https://learn.microsoft.com/azure/container-registry/container-registry-get-started-portal#configure-domain-name-label
https://learn.microsoft.com/azure/container-registry/container-registry-geo-replication
"""


def suffix_of(host: str) -> str:
    """Return the domain that ``host`` is a registry of, such as ``azurecr.io``; nothing where it is none."""
    found = _REGISTRY.fullmatch(host)
    return found["suffix"] if found else ""
