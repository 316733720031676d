"""Names of files that a registry chose."""

from __future__ import annotations

import os
from typing import Final

from ocibroker.errors import IntegrityError
from ocibroker.secret import has_control, has_lone_surrogate

LONGEST: Final = 255
"""Bytes, as file systems have it."""

RESERVED: Final = ".ocibroker-partial"
"""The folder of what is not complete yet."""

_SEPARATORS: Final = frozenset("/\\") | ({":"} if os.name == "nt" else set())


def checked(name: str, *, culprit: str) -> str:
    """Return ``name`` if it is a file's own name and nothing more.

    The annotation ``org.opencontainers.image.title`` may be anything; a path in it would choose where we write
    (CVE-2021-32635 and its like). Raises :class:`~ocibroker.errors.IntegrityError`.
    """
    if flaw := _flaw(name):
        raise IntegrityError(f"names a file {name[:LONGEST]!r}, which {flaw}", culprit=culprit)
    return name


def _flaw(name: str) -> str:
    if name in {"", ".", ".."} or _SEPARATORS & set(name):
        return "is not the plain name of a file"
    if name.casefold() == RESERVED:
        return "is kept for what is not complete yet"
    if has_control(name) or has_lone_surrogate(name):
        return "holds a control character or invalid Unicode"
    return "is too long" if len(name.encode()) > LONGEST else ""
