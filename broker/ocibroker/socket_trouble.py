"""Why nobody answers at a Unix socket, and what to do about it."""

from __future__ import annotations

import errno
import os
import stat

SERVE = "start `ocibroker serve`"


def socket_trouble(path: str, error: OSError) -> tuple[str, str]:
    """Return why ``path`` could not be connected to, told from what stands there, and the next step."""
    if isinstance(error, TimeoutError) or error.errno in {errno.EAGAIN, errno.ETIMEDOUT}:
        return "does not answer in time", "look at the process that listens there"
    try:
        found = os.stat(path)  # noqa: PTH116  # what is passed may hold anything, and is a path for the kernel only
    except (OSError, ValueError):
        return _unseen(error)
    if not stat.S_ISSOCK(found.st_mode):
        return "is no socket", "name the socket of a sidecar, or move away what stands there"
    if error.errno in {errno.EACCES, errno.EPERM}:
        whose = f"it belongs to uid {found.st_uid}, mode {found.st_mode & 0o777:04o}"
        return f"may not be connected to by this user: {whose}", "set mode or owner in its [sidecar]"
    if error.errno == errno.ECONNREFUSED:
        return "is a socket that nobody listens on any more", f"{SERVE}, or remove it"
    return error.strerror or str(error), SERVE


def _unseen(error: OSError) -> tuple[str, str]:
    if error.errno in {errno.EACCES, errno.EPERM}:
        return "is in a folder that this user may not enter", "correct the mode of the folder, or choose another"
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "is not there", SERVE
    return error.strerror or str(error), "choose another path"
