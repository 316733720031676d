"""A file that is not complete yet: it grows, is verified, and only then gets its name."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from ocibroker.errors import IntegrityError
from ocibroker.oci.descriptor import Descriptor
from ocibroker.oci.exclusive import opened
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
        return self.size == self.descriptor.size

    @property
    def verified(self) -> bool:
        """Whether it is what the manifest promised."""
        return self.complete and self._digest.hexdigest() == self.descriptor.digest.encoded

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
        """Remove it: it cannot become the blob any more."""
        with suppress(OSError):
            self.path.unlink()

    def _take_up(self) -> None:
        """Read what is there already, for its digest."""
        with writing(self.path):
            if os.fstat(self._file).st_size > self.descriptor.size:
                self.restart()
            while part := os.read(self._file, _READ):
                self._digest.update(part)
                self.size += len(part)
