"""A file that is not complete yet: it grows, is verified, and only then gets its name."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from ocibroker.errors import IntegrityError, WriteFailed
from ocibroker.oci.crew import Halt
from ocibroker.oci.descriptor import Descriptor

if os.name == "posix":
    import fcntl

_READ: Final = 1024 * 1024
_FLAGS: Final = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_PATIENCE: Final = 0.1
"""Seconds between two looks at a file that another process is writing."""


class Partial:
    """The beginning of a blob in ``path``, which nobody else writes meanwhile; a context manager.

    What an earlier run left there is gone on with. Errors are :class:`~ocibroker.errors.WriteFailed`, and
    :class:`~ocibroker.errors.IntegrityError` for more bytes than there may be.
    """

    def __init__(self, path: Path, descriptor: Descriptor, halt: Halt) -> None:
        self.path: Final = path
        self.size = 0
        self._descriptor = descriptor
        self._digest = descriptor.digest.hasher()
        self._file = _opened(path, halt)

    def __enter__(self) -> Self:
        try:
            self._take_up()
        except BaseException:
            os.close(self._file)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    @property
    def complete(self) -> bool:
        """Whether all bytes are there; they may still be wrong."""
        return self.size == self._descriptor.size

    @property
    def verified(self) -> bool:
        """Whether it is what the manifest promised."""
        return self.complete and self._digest.hexdigest() == self._descriptor.digest.encoded

    def write(self, part: bytes) -> None:
        """Add what comes next."""
        if self.size + len(part) > self._descriptor.size:
            raise IntegrityError("is longer than the manifest says", culprit=str(self._descriptor.digest))
        self._digest.update(part)
        written = 0
        try:
            while written < len(part):
                written += os.write(self._file, part[written:])
        except OSError as error:
            raise write_failed(self.path, error) from None
        self.size += len(part)

    def restart(self) -> None:
        """Begin anew."""
        self._digest = self._descriptor.digest.hasher()
        self.size = 0
        os.ftruncate(self._file, 0)
        os.lseek(self._file, 0, os.SEEK_SET)

    def discard(self) -> None:
        """Remove it: it cannot become the blob any more."""
        with suppress(OSError):
            self.path.unlink()

    def _take_up(self) -> None:
        """Read what is there already, for its digest."""
        if os.fstat(self._file).st_size > self._descriptor.size:
            self.restart()
        while part := os.read(self._file, _READ):
            self._digest.update(part)
            self.size += len(part)


def write_failed(path: Path, error: OSError) -> WriteFailed:
    """Return the typed error for ``error``."""
    return WriteFailed(
        f"cannot be written: {error.strerror}", culprit=str(path), hint="look at the disk and the mode"
    )


def _opened(path: Path, halt: Halt) -> int:
    while True:
        halt.check()
        file = _open(path)
        if file is not None and _ours(path, file):
            return file
        if file is not None:
            os.close(file)
            halt.pause(_PATIENCE)


def _open(path: Path) -> int | None:
    """Return the open file; none where another run has just removed the folder."""
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise write_failed(path.parent, error) from None
    try:
        return os.open(path, _FLAGS, 0o666)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise write_failed(path, error) from None


def _ours(path: Path, file: int) -> bool:
    """Whether ``file`` is ours alone, and still what ``path`` names: another run may just have completed it.

    Raises :class:`~ocibroker.errors.WriteFailed` for what was planted there.
    """
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        os.close(file)
        raise WriteFailed("is not a file of ours", culprit=str(path), hint="remove it")
    if os.name != "posix":
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(path.lstat(), found)
    except (BlockingIOError, FileNotFoundError):
        return False
