"""Tags, and how Helm writes a version as one."""

from __future__ import annotations

import re
from typing import Final

from ocibroker.oci.version import Version

_TAG: Final = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}", re.ASCII)


def is_tag(text: str) -> bool:
    """Whether ``text`` is a tag (OCI distribution specification 1.1, "Pulling manifests": ``<reference>``)."""
    return _TAG.fullmatch(text) is not None


def tag_of(version: str) -> str:
    """Return ``version`` as Helm tags it: a tag has no ``+`` (https://github.com/helm/helm/issues/10166)."""
    return version.replace("+", "_")


def untagged(tag: str) -> str:
    """Return what Helm takes ``tag`` for where it is a version's: the reverse of :func:`tag_of`."""
    return tag.replace("_", "+")


def version_of(tag: str) -> Version | None:
    """Return the version that ``tag`` is of; none where Helm's listing would leave it out, or it is no tag."""
    return Version.strict(untagged(tag)) if is_tag(tag) else None
