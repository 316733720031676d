"""One process at a time."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ocibroker.errors import WriteFailed

_FLAGS: Final = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_PAUSE: Final = 0.02


@contextmanager
def locked(path: Path, *, seconds: float = 10.0) -> Iterator[None]:
    """Hold the lock file ``path``, made with mode 0600, for a block; wait at most ``seconds`` for it.

    The kernel frees the lock of a process that ends, however it ends. Raises
    :class:`~ocibroker.errors.WriteFailed`.
    """
    file = lock(path, seconds)
    if file is None:
        raise WriteFailed("is held by another process", culprit=str(path), hint="see who holds it, and try again")
    try:
        yield
    finally:
        os.close(file)


def lock(path: Path, seconds: float) -> int | None:
    """Return the open and locked file ``path``, or none where another process held it for so many ``seconds``.

    Where somebody removes it meanwhile, who waited waits for the one in its place. Raises
    :class:`~ocibroker.errors.WriteFailed`.
    """
    end = time.monotonic() + seconds
    while True:
        file = _open(path)
        try:
            held = _wait(file, end)
            if held and _names(path, file):
                return file
        except BaseException:
            os.close(file)
            raise
        os.close(file)
        if not held:
            return None


def _names(path: Path, file: int) -> bool:
    """Whether ``path`` still names the open ``file``."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(file))
    except OSError:
        return False


def _open(path: Path) -> int:
    try:
        file = os.open(path, _FLAGS, 0o600)
    except OSError as error:
        why = f"cannot be opened: {error.strerror}"
    else:
        if stat.S_ISREG(os.fstat(file).st_mode):
            return file
        os.close(file)
        why = "is not a regular file"
    raise WriteFailed(why, culprit=str(path), hint="a lock file belongs here: see what is in its place")


def _wait(file: int, end: float) -> bool:
    while not taken(file):
        if time.monotonic() > end:
            return False
        time.sleep(_PAUSE)
    return True


def taken(file: int) -> bool:
    """Whether the open ``file`` is locked for us now; nobody is waited for."""
    import fcntl  # here: it is not on Windows, where the rest of the package is imported too

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
