"""A file that is not complete yet: it grows, is verified, and only then gets its name."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from ocibroker.errors import IntegrityError
from ocibroker.oci.descriptor import Descriptor
from ocibroker.oci.exclusive import opened, remove
from ocibroker.oci.halt import Halt
from ocibroker.writing import write_all, writing

_READ: Final = 1024 * 1024


class Partial:
    """The beginning of a blob in ``path``, which nobody else writes meanwhile; a context manager.

    What an earlier run left there is gone on with. Errors are :class:`~ocibroker.errors.WriteFailed`, and
    :class:`~ocibroker.errors.IntegrityError` for more bytes than there may be.
    """

    def __init__(self, path: Path, descriptor: Descriptor, halt: Halt) -> None:
        self.path: Final = path
        self.size = 0
        self.descriptor: Final = descriptor
        self._digest = descriptor.digest.hasher()
        self._file = opened(path, halt)
        self._left: os.stat_result | None = None
        self._ending = threading.Lock()

    def __enter__(self) -> Self:
        try:
            self._take_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with self._ending:
            self._left = os.fstat(self._file)
            os.close(self._file)

    @property
    def complete(self) -> bool:
        """Whether all bytes are there; they may still be wrong."""
        return self.size == self.descriptor.size

    @property
    def verified(self) -> bool:
        """Whether it is what the manifest promised."""
        return self.complete and self._digest.hexdigest() == self.descriptor.digest.encoded

    @property
    def untouched(self) -> bool:
        """Whether what was left in the end is there, and as it was left: another run may have begun it anew."""
        try:
            found = self.path.lstat()
        except OSError:
            return False
        return self._left is not None and _state(found) == _state(self._left)

    def write(self, part: bytes) -> None:
        """Add what comes next."""
        if self.size + len(part) > self.descriptor.size:
            raise IntegrityError("is longer than the manifest says", culprit=str(self.descriptor.digest))
        self._digest.update(part)
        with writing(self.path):
            write_all(self._file, part)
        self.size += len(part)

    def restart(self) -> None:
        """Begin anew."""
        self._digest = self.descriptor.digest.hasher()
        self.size = 0
        with writing(self.path):
            os.ftruncate(self._file, 0)
            os.lseek(self._file, 0, os.SEEK_SET)

    def discard(self) -> None:
        """Remove it, unless another run has it open."""
        with self._ending, suppress(OSError):
            if self._left is not None:
                remove(self.path)
            elif os.path.samestat(self.path.lstat(), os.fstat(self._file)):
                self.path.unlink()

    def _take_up(self) -> None:
        """Read what is there already, for its digest."""
        with writing(self.path):
            if os.fstat(self._file).st_size > self.descriptor.size:
                self.restart()
            while part := os.read(self._file, _READ):
                self._digest.update(part)
                self.size += len(part)


def _state(found: os.stat_result) -> tuple[int, ...]:
    # The times too: of a file that was removed, a later one may have the number.
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
