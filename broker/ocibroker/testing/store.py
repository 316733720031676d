"""The embedded registry's content, in memory."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ocibroker.testing.digest import digest_of
from ocibroker.testing.distribution_error import DistributionError

NAME = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")


@dataclass(frozen=True)
class Manifest:
    """A manifest's exact bytes, with the media type under which it was pushed."""

    content: bytes
    media_type: str


@dataclass(frozen=True)
class Repository:
    """One repository: blobs and manifests by digest, tags to digests, unfinished uploads by session."""

    name: str
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, Manifest] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    uploads: dict[str, bytearray] = field(default_factory=dict)

    def add(self, blob: bytes) -> str:
        """Keep a blob and return its digest."""
        digest = digest_of(blob)
        self.blobs[digest] = blob
        return digest

    def digest(self, reference: str) -> str:
        """Return the digest of the manifest behind a tag or digest; raises `DistributionError` if unknown."""
        digest = self.tags.get(reference, reference)
        if digest not in self.manifests:
            raise DistributionError("MANIFEST_UNKNOWN", f"{self.name} has no manifest {reference!r}")
        return digest


@dataclass(frozen=True)
class Store:
    """All repositories by name."""

    repositories: dict[str, Repository] = field(default_factory=dict)

    def find(self, name: str) -> Repository:
        """Return a repository; raises `DistributionError` (``NAME_INVALID``, ``NAME_UNKNOWN``)."""
        found = self.repositories.get(_valid(name))
        if found is None:
            raise DistributionError("NAME_UNKNOWN", f"there is no repository {name!r}")
        return found

    def open(self, name: str) -> Repository:
        """Return a repository, made if need be; raises `DistributionError` (``NAME_INVALID``)."""
        return self.repositories.setdefault(_valid(name), Repository(name))

    def find_blob(self, name: str, digest: str) -> bytes:
        """Return a blob; raises `DistributionError` (``BLOB_UNKNOWN``, or those of `find`)."""
        blob = self.find(name).blobs.get(digest)
        if blob is None:
            raise DistributionError("BLOB_UNKNOWN", f"{name} has no blob {digest!r}")
        return blob


def _valid(name: str) -> str:
    if not NAME.fullmatch(name):
        raise DistributionError("NAME_INVALID", f"{name!r} is not a repository's name")
    return name
