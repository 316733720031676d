"""Kinds of archives, by how their files are called."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

Kind = Literal["tar", "tar.gz", "tar.bz2", "tar.xz", "zip"]

KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "tar": "tar",
        "tar.gz": "tar.gz",
        "tgz": "tar.gz",
        "tar.bz2": "tar.bz2",
        "tbz2": "tar.bz2",
        "tar.xz": "tar.xz",
        "txz": "tar.xz",
        "zip": "zip",
    }
)
"""What a name ends with, and go-getter's ``archive=`` says, and the kind that it means."""


def kind_of(name: str) -> Kind | None:
    """Return the kind of the archive ``name``; none for what is no archive by its name."""
    return next((kind for end, kind in KINDS.items() if name.lower().endswith(f".{end}")), None)


def stem_of(name: str) -> str:
    """Return ``name`` without what says that it is an archive."""
    return next((name[: -len(end) - 1] for end in KINDS if name.lower().endswith(f".{end}")), name)
