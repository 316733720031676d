"""A private file that is replaced as a whole: who reads it sees the old content or the new, never a part.

A crash at any moment leaves one of them, and at worst a temporary file beside it.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ocibroker.errors import WriteFailed
from ocibroker.ownership import others_write
from ocibroker.writing import writing

_NO_LINKS: Final = getattr(os, "O_NOFOLLOW", 0)
_FOLDER: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _NO_LINKS
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINKS


def replace(
    path: Path, content: bytes, *, modified: float | None = None, mode: int = 0o600, group: int | None = None
) -> None:
    """Make ``content`` that of ``path``, with that mode; its folder is made with mode 0700 if need be.

    ``modified``, in seconds since the epoch, becomes its modification time before anybody sees it, and
    ``group`` its group.

    Raises :class:`~ocibroker.errors.WriteFailed`, with what was there untouched: where the disk is full, where
    something else than a file of this user's own stands there, or where others could change what is in the folder.
    """
    with private_folder(path.parent) as folder:
        _check_file(path, folder)
        _replace(path, content, folder, _Looks(modified, mode, group))


@contextmanager
def private_folder(path: Path) -> Iterator[int]:
    """Open the folder ``path``, made with mode 0700 if need be, and yield its file descriptor.

    Raises :class:`~ocibroker.errors.WriteFailed` where another user could exchange its files.
    """
    if os.open not in os.supports_dir_fd:
        raise WriteFailed("cannot be written safely on this system", culprit=str(path), hint="use Linux or macOS")
    with writing(path):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(path, _FOLDER)
    try:
        _check_folder(path, os.fstat(folder))
        yield folder
    finally:
        os.close(folder)


@dataclass(frozen=True, slots=True)
class _Looks:
    modified: float | None
    mode: int
    group: int | None

    def give(self, file: int) -> None:
        if self.group is not None and self.group != os.fstat(file).st_gid:
            os.fchown(file, -1, self.group)
        os.fchmod(file, self.mode)
        if self.modified is not None:
            os.utime(file, (self.modified, self.modified))


def _replace(path: Path, content: bytes, folder: int, looks: _Looks) -> None:
    name = f".{path.name}.{secrets.token_hex(8)}"
    with writing(path):
        try:
            _write(name, content, folder, looks)
            os.rename(name, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(name, dir_fd=folder)
            raise
        os.fsync(folder)


def _write(name: str, content: bytes, folder: int, looks: _Looks) -> None:
    with os.fdopen(os.open(name, _NEW, 0o600, dir_fd=folder), "wb") as file:
        file.write(content)
        file.flush()
        looks.give(file.fileno())
        os.fsync(file.fileno())


def _check_folder(path: Path, found: os.stat_result) -> None:
    _check_owner(path, found)
    if others_write(found):
        raise WriteFailed("can be written by others", culprit=str(path), hint=f"chmod go-w {path}")


def _check_file(path: Path, folder: int) -> None:
    try:
        found = os.stat(path.name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return
    if not stat.S_ISREG(found.st_mode):
        raise WriteFailed("is not a regular file", culprit=str(path), hint="see what it is, and move it away")
    _check_owner(path, found)


def _check_owner(path: Path, found: os.stat_result) -> None:
    if found.st_uid != os.geteuid():
        raise WriteFailed("belongs to another user", culprit=str(path), hint="run it as the user who owns it")
