"""Manifests and indexes: bytes of a registry to checked values.

Follows the OCI image specification 1.1 (``manifest.md``, ``image-index.md``) and Docker's schema 2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import msgspec

from ocibroker.errors import IntegrityError, InvalidValue
from ocibroker.oci.descriptor import Descriptor, Platform
from ocibroker.oci.digest import Digest
from ocibroker.oci.media_type import INDEXES, MANIFESTS

TITLE: Final = "org.opencontainers.image.title"


class _Platform(msgspec.Struct):
    os: str
    architecture: str
    variant: str = ""


class _Descriptor(msgspec.Struct, rename="camel"):
    media_type: str
    digest: str
    size: int
    urls: list[str] | None = None
    annotations: dict[str, str] | None = None
    platform: _Platform | None = None


class _Document(msgspec.Struct, rename="camel"):
    """A manifest or an index: the media type tells which."""

    schema_version: int = 0
    media_type: str = ""
    config: _Descriptor | None = None
    layers: list[_Descriptor] | None = None
    manifests: list[_Descriptor] | None = None
    fs_layers: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A manifest's exact bytes, and what they say.

    An index has ``manifests`` and nothing else; every other manifest has ``config`` and ``layers``.
    """

    content: bytes = field(repr=False)
    media_type: str
    digest: Digest
    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] = ()
    manifests: tuple[Descriptor, ...] = ()

    @property
    def descriptor(self) -> Descriptor:
        """What an index says of it."""
        return Descriptor(media_type=self.media_type, digest=self.digest, size=len(self.content))

    @property
    def is_index(self) -> bool:
        """Whether it lists other manifests."""
        return self.media_type in INDEXES

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """The config and the layers."""
        return (*((self.config,) if self.config else ()), *self.layers)

    @classmethod
    def decode(cls, content: bytes, media_type: str, digest: Digest, *, culprit: str) -> Manifest:
        """Return the manifest that ``content`` is.

        ``media_type`` is the answer's; ``culprit`` names the reference. Raises
        :class:`~ocibroker.errors.IntegrityError`.
        """
        document = _decoded(content, culprit)
        kind = _kind(document, media_type, culprit)
        try:
            return cls(
                content=content,
                media_type=kind,
                digest=digest,
                config=_descriptor(document.config) if document.config and kind in MANIFESTS else None,
                layers=_descriptors(document.layers) if kind in MANIFESTS else (),
                manifests=_descriptors(document.manifests) if kind in INDEXES else (),
            )
        except (InvalidValue, IntegrityError) as error:
            why = f"the manifest holds a bad descriptor: {error}"
        raise IntegrityError(why, culprit=culprit)


def _decoded(content: bytes, culprit: str) -> _Document:
    try:
        return msgspec.json.decode(content, type=_Document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        failure = IntegrityError("the manifest is not the JSON that the specification describes", culprit=culprit)
    raise failure


def _kind(document: _Document, media_type: str, culprit: str) -> str:
    """Return the manifest's media type.

    It must not be two things at once: a client that reads it as a manifest and one that reads it as an index would
    see different content behind one digest (CVE-2021-41190).
    """
    kind = document.media_type or media_type
    if document.schema_version == 1 or document.fs_layers is not None or kind.startswith(_SCHEMA_1):
        raise IntegrityError(
            "the manifest is of Docker's schema 1", culprit=culprit, hint="push the image again with a newer client"
        )
    if document.media_type and media_type not in {document.media_type, *_UNTYPED}:
        raise IntegrityError(f"the manifest says {document.media_type}, its answer {media_type}", culprit=culprit)
    if kind not in {*MANIFESTS, *INDEXES}:
        raise IntegrityError(f"the manifest is of an unknown type, {kind or 'none'}", culprit=culprit)
    if (document.config or document.layers) if kind in INDEXES else document.manifests:
        raise IntegrityError("the manifest is an index as well", culprit=culprit)
    return kind


_SCHEMA_1: Final = "application/vnd.docker.distribution.manifest.v1"
_UNTYPED: Final = frozenset({"", "application/json", "application/octet-stream", "text/plain"})
"""What servers say that do not know what they serve."""


def _descriptors(wire: list[_Descriptor] | None) -> tuple[Descriptor, ...]:
    return tuple(map(_descriptor, wire or ()))


def _descriptor(wire: _Descriptor) -> Descriptor:
    platform = wire.platform
    return Descriptor(
        media_type=wire.media_type,
        digest=Digest.parse(wire.digest),
        size=wire.size,
        urls=tuple(wire.urls or ()),
        title=(wire.annotations or {}).get(TITLE),
        platform=Platform(platform.os, platform.architecture, platform.variant) if platform else None,
    )
