"""The folder of a Unix socket: nobody else may exchange what is in it, or in any folder above."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from ocibroker.errors import ConfigurationError
from ocibroker.ownership import others_write

_PRIVATE: Final = 0o700
_PASSABLE: Final = 0o711
"""Others get through to the socket, and see no list of what is beside it."""


def socket_folder(path: Path, *, passable: bool) -> Path:
    """Return ``path`` with its links resolved; made, with all that is missing above it, if need be.

    ``passable`` says that other users shall reach the socket. Raises
    :class:`~ocibroker.errors.ConfigurationError` where others could put something else in the socket's place.
    """
    try:
        _make(path, passable=passable)
        real = path.resolve(strict=True)
        found = {folder: folder.lstat() for folder in (*reversed(real.parents), real)}
    except OSError as error:
        why = f"cannot be made or read: {error.strerror}"
    else:
        for folder, status in found.items():
            _check(folder, status, last=folder == real)
        _check_passable(real, found[real], passable=passable)
        return real
    raise _refused(path, why, "correct its mode, or choose another place for the socket")


def _make(path: Path, *, passable: bool) -> None:
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(_PRIVATE)
        if passable:
            folder.chmod(_PASSABLE)


def _check(folder: Path, found: os.stat_result, *, last: bool) -> None:
    ours = {os.geteuid()} if last else {0, os.geteuid()}
    if found.st_uid not in ours:
        raise _refused(folder, "belongs to another user", "choose a folder of your own for the socket")
    # In a sticky folder, as /tmp is one, nobody can exchange what is another's.
    if others_write(found) and (last or not found.st_mode & stat.S_ISVTX):
        raise _refused(folder, "can be written by others, who could put a socket of theirs there", "chmod go-w")


def _check_passable(folder: Path, found: os.stat_result, *, passable: bool) -> None:
    if passable and not found.st_mode & (stat.S_IXGRP | stat.S_IXOTH):
        why = "lets nobody else through to the socket, whose mode, owner or allow_uids are for others"
        raise _refused(folder, why, f"chmod go+x {folder}, or serve one's own user only")


def _refused(folder: Path, why: str, hint: str) -> ConfigurationError:
    return ConfigurationError(why, culprit=str(folder), hint=hint)
