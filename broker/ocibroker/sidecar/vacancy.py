"""Whether a Unix socket may be put somewhere."""

from __future__ import annotations

import errno
import os
import socket
import stat
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Final

from ocibroker.errors import ConfigurationError

_SECONDS: Final = 1.0
_DEAD: Final = frozenset({errno.ECONNREFUSED, errno.ENOENT})


def vacate(path: Path, owners: AbstractSet[int]) -> None:
    """Return where nothing is at ``path``, or a socket of ``owners`` that nobody listens at.

    Raises :class:`~ocibroker.errors.ConfigurationError` otherwise; it is left as it is.
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise ConfigurationError("is no socket", culprit=str(path), hint="see what it is, and move it away")
    if found.st_uid not in owners:
        raise ConfigurationError(
            "is a socket of another user", culprit=str(path), hint="see whose it is, or choose another path"
        )
    if (error := _knock(path)) not in _DEAD:
        why = f"cannot be tried: {os.strerror(error)}" if error else "another process serves here"
        raise ConfigurationError(why, culprit=str(path), hint="stop it, or choose another path")


def _knock(path: Path) -> int:
    """Return the number of the error that a connection ends with; 0 for none, also while it has to wait."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_SECONDS)
        error = connection.connect_ex(os.fspath(path))
    return 0 if error in {errno.EAGAIN, errno.EINPROGRESS} else error
