"""One entry of an archive, and which names it may have."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import BinaryIO, Final, Literal

from ocibroker.errors import IntegrityError
from ocibroker.oci.filename import LONGEST
from ocibroker.secret import has_control, has_lone_surrogate

DEEPEST: Final = 100
"""Folders within each other."""

_DRIVE: Final = re.compile(r"[A-Za-z]:")
_DEVICE: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:\..*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """``parts`` is its checked name; none of them for the archive's own root.

    ``content`` is there for a file, ``target`` for a link: as it is written for a symbolic one, and a name in the
    archive for a hard one.
    """

    parts: tuple[str, ...]
    kind: Literal["file", "folder", "link", "hard link"]
    content: BinaryIO | None = None
    target: str = ""
    executable: bool = False


def parts_of(name: str, culprit: str, *, windows: bool = os.name == "nt") -> tuple[str, ...]:
    """Return the parts of ``name``, which is to lie below where it is unpacked on every system.

    ``windows`` refuses what stands for a device or a stream there. Raises
    :class:`~ocibroker.errors.IntegrityError`.
    """
    parts = tuple(part for part in name.split("/") if part not in {"", "."})
    if why := _flaw(name, parts) or (_flaw_on_windows(parts) if windows else ""):
        raise refused(name, why, culprit)
    return parts


def refused(name: str, why: str, culprit: str) -> IntegrityError:
    """Return the error for a source that holds ``name``."""
    hint = "do not trust it: ask whoever made it"
    return IntegrityError(f"holds {name[:LONGEST]!r}, which {why}", culprit=culprit, hint=hint)


def _flaw(name: str, parts: tuple[str, ...]) -> str:
    if name.startswith("/") or "\\" in name or any(_DRIVE.match(part) for part in parts):
        return "is an absolute path, or one of Windows"
    if ".." in parts:
        return "leads out of it"
    if not name or has_control(name) or has_lone_surrogate(name):
        return "is empty, or holds a control character or invalid Unicode"
    too_long = len(parts) > DEEPEST or any(len(part.encode()) > LONGEST for part in parts)
    return "is too long" if too_long else ""


def _flaw_on_windows(parts: tuple[str, ...]) -> str:
    for part in parts:
        if ":" in part or part.endswith((".", " ")) or _DEVICE.fullmatch(part):
            return "is no name of a file on Windows"
    return ""
