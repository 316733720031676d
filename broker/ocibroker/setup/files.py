"""A tool's files on disk: read, replaced as a whole, and removed. A link stays, and what it leads to is written."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ocibroker.atomic import replace
from ocibroker.errors import ConfigurationError, WriteFailed
from ocibroker.writing import writing


def content_of(path: Path) -> bytes | None:
    """Return the content, none where there is no file; raises :class:`~ocibroker.errors.ConfigurationError`."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        why = f"cannot be read: {error.strerror}"
    raise ConfigurationError(why, culprit=str(path), hint="see what it is, and whose")


def mode_of(path: Path) -> int | None:
    """Return the permissions of a file, none where there is none."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return None


def write(path: Path, content: bytes, *, mode: int) -> None:
    """Replace the file, which keeps its mode and group; one that is new gets ``mode``.

    Raises :class:`~ocibroker.errors.WriteFailed`, with what was there untouched.
    """
    place = path.resolve()
    try:
        found = place.stat()
    except OSError:
        replace(place, content, mode=mode)
        return
    if not found.st_mode & stat.S_IWUSR:
        raise WriteFailed("is read-only", culprit=str(place), hint=f"whoever means it to change: chmod u+w {place}")
    replace(place, content, mode=stat.S_IMODE(found.st_mode), group=found.st_gid)


def make_folders(folders: Iterable[Path], *, mode: int) -> None:
    """Make folders, the outermost first; those that are there stay as they are."""
    for folder in folders:
        with writing(folder):
            folder.mkdir(mode=mode, exist_ok=True)


def missing_folders(path: Path) -> tuple[Path, ...]:
    """Return the folders above ``path`` that are not there, the outermost first."""
    return tuple(reversed([folder for folder in path.resolve().parents if not folder.exists()]))


def remove(path: Path, folders: Iterable[Path] = ()) -> None:
    """Remove a file, and those of ``folders`` that are empty; raises :class:`~ocibroker.errors.WriteFailed`."""
    with writing(path):
        path.resolve().unlink(missing_ok=True)
    for folder in sorted(folders, key=lambda one: len(one.parts), reverse=True):
        with suppress(OSError):
            folder.rmdir()
