"""What a manifest says of content: its type, digest and size, and where else it may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ocibroker.errors import IntegrityError
from ocibroker.oci.digest import Digest

LARGEST: Final = 1 << 40
"""Bytes. What claims to be larger is a mistake or an attack."""


@dataclass(frozen=True, slots=True)
class Platform:
    """What an image runs on: ``linux/arm64/v8``, the variant empty where it does not matter."""

    os: str
    architecture: str
    variant: str = ""

    def suits(self, wanted: Platform) -> bool:
        """Whether it is what ``wanted`` asks for; a variant counts only where one is asked for."""
        same = (self.os, self.architecture) == (wanted.os, wanted.architecture)
        return same and (not wanted.variant or self.variant == wanted.variant)

    def __str__(self) -> str:
        return "/".join(filter(None, (self.os, self.architecture, self.variant)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """A descriptor of the OCI image specification (``descriptor.md``).

    ``size`` is in bytes. ``urls`` name the same content on other hosts. ``title`` is the annotation
    ``org.opencontainers.image.title``, a file's name, unchecked; none where there is none.
    Raises :class:`~ocibroker.errors.IntegrityError` for a size that is none.
    """

    media_type: str
    digest: Digest
    size: int
    urls: tuple[str, ...] = ()
    title: str | None = None
    platform: Platform | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.size <= LARGEST:
            raise IntegrityError("a descriptor's size is absurd", culprit=str(self.digest))
