"""A folder that was read: its files, and that nothing in it leads out of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from ocibroker.bundle.entry import refused
from ocibroker.bundle.limits import Limits
from ocibroker.errors import IntegrityError, NotFound
from ocibroker.writing import writing


def listed(root: Path, limits: Limits, culprit: str) -> tuple[str, ...]:
    """Return the paths of all files and links below ``root``, sorted, with ``/`` between their parts.

    ``culprit`` names the source. Raises :class:`~ocibroker.errors.IntegrityError` for a link that leads out of
    ``root``, for what is neither a file, a folder nor a link, and for more entries than ``limits`` allow.
    """
    found: list[str] = []
    with writing(root):
        real = os.path.realpath(root)
        for count, entry in enumerate(_entries(root)):
            name = Path(entry.path).relative_to(root).as_posix()
            if count >= limits.entries:
                raise IntegrityError(f"holds more than {limits.entries} entries", culprit=culprit)
            if why := _flaw(entry, real):
                raise refused(name, why, culprit)
            if not entry.is_dir(follow_symlinks=False):
                found.append(name)
    return tuple(sorted(found))


def below(root: Path, subdir: str, culprit: str) -> Path:
    """Return the folder or file ``subdir`` of ``root``, ``root`` itself where it is empty; no part of it is a link.

    Raises :class:`~ocibroker.errors.NotFound`.
    """
    path = root
    for part in filter(None, subdir.split("/")):
        path /= part
        if path.is_symlink() or not path.exists():
            hint = "name a folder that is in it"
            raise NotFound(f"has no {subdir!r} that is a folder or a file", culprit=culprit, hint=hint)
    return path


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            yield entry
            if entry.is_dir(follow_symlinks=False):
                yield from _entries(Path(entry.path))


def _flaw(entry: os.DirEntry[str], root: str) -> str:
    if entry.is_symlink():
        led = os.path.realpath(entry.path)
        return "" if led == root or led.startswith(f"{root}{os.sep}") else "is a link that leads out of it"
    mode = entry.stat(follow_symlinks=False).st_mode
    return "" if stat.S_ISREG(mode) or stat.S_ISDIR(mode) else "is neither a file nor a folder"
