"""A file of ours alone, below a folder of ours, while it is open."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from ocibroker.errors import WriteFailed
from ocibroker.filelock import taken
from ocibroker.oci.halt import Halt
from ocibroker.writing import writing

_FLAGS: Final = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_PATIENCE: Final = 0.1
"""Seconds between two looks at a file that another run is writing."""


def opened(path: Path, halt: Halt) -> int:
    """Open ``path`` for reading and writing, made if need be with its folder, once no other run has it open.

    Raises :class:`~ocibroker.errors.WriteFailed`, also for what somebody has planted there.
    """
    while True:
        halt.check()
        with writing(path):
            file = _open(path)
            if file is not None and _ours(path, file):
                return file
        if file is not None:
            os.close(file)
            halt.pause(_PATIENCE)


@contextmanager
def locked(path: Path, halt: Halt) -> Iterator[None]:
    """Keep other runs out of the existing ``path`` for a block, if they ask as well; on POSIX systems only."""
    if os.name != "posix":
        yield
        return
    with writing(path):
        file = os.open(path, os.O_RDONLY)
    try:
        while not _locked(path, file):
            halt.pause(_PATIENCE)
        yield
    finally:
        os.close(file)


def remove(path: Path) -> None:
    """Remove the file, unless another run has it open: then that is to remove it. Raises ``OSError``."""
    if os.name != "posix":  # there nobody can remove what is open
        path.unlink()
        return
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if taken(file) and os.path.samestat(path.lstat(), os.fstat(file)):
            path.unlink()
    finally:
        os.close(file)


def _locked(path: Path, file: int) -> bool:
    with writing(path):
        return taken(file)


def _open(path: Path) -> int | None:
    """Return the open file; none where another run has just removed the folder."""
    with suppress(FileExistsError):  # exist_ok would look again, when another run may have removed it
        path.parent.mkdir(mode=0o700)
    try:
        _check_folder(path.parent)
        return os.open(path, _FLAGS, 0o666)
    except FileNotFoundError:
        return None


def _check_folder(folder: Path) -> None:
    """Refuse a folder in which another user could exchange what was verified for something else."""
    found = folder.lstat()
    # Who owns the folder around it can do that anyway; some network file systems name one owner for everything.
    trusted = os.name != "posix" or found.st_uid in {os.geteuid(), folder.parent.stat().st_uid}
    if not stat.S_ISDIR(found.st_mode) or not trusted:
        raise WriteFailed("is not a folder of ours", culprit=str(folder), hint="remove it")


def _ours(path: Path, file: int) -> bool:
    """Whether ``file`` is ours alone, and still what ``path`` names: another run may just have completed it."""
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        os.close(file)
        raise WriteFailed("is not a file of ours", culprit=str(path), hint="remove it")
    if os.name != "posix":
        return True
    try:
        return taken(file) and os.path.samestat(path.lstat(), found)
    except FileNotFoundError:
        return False
    except OSError:
        os.close(file)
        raise
