"""The folder that a pull writes into, and the one below it where blobs grow."""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from ocibroker.oci.descriptor import Descriptor
from ocibroker.oci.filename import RESERVED
from ocibroker.oci.partial import write_failed


class Workspace:
    """Gives blobs their names in ``folder`` once they are complete; a context manager.

    What is not complete in the end is removed, except what is to :meth:`leave`. Safe for threads. Errors
    are :class:`~ocibroker.errors.WriteFailed`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder: Final = folder
        self._growing = folder / RESERVED
        self._begun: dict[Path, None] = {}

    def __enter__(self) -> Self:
        self.make(self.folder)
        return self

    def __exit__(self, *_: object) -> None:
        for path in list(self._begun):
            with suppress(OSError):
                path.unlink()
        with suppress(OSError):
            self._growing.rmdir()

    def make(self, folder: Path) -> None:
        """Make ``folder`` and those above it."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_failed(folder, error) from None

    def growing(self, blob: Descriptor, final: Path) -> Path:
        """Return where ``blob`` grows before it is called ``final``: the same in every run."""
        path = self._growing / hashlib.sha256(f"{blob.digest}/{final.name}".encode()).hexdigest()
        self._begun[path] = None
        return path

    def leave(self, growing: Path) -> None:
        """Leave what has grown there for the next run."""
        self._begun.pop(growing, None)

    def publish(self, blob: Descriptor, final: Path) -> None:
        """Give the complete ``blob`` its name; whatever had that name is replaced."""
        self.make(final.parent)
        try:
            self.growing(blob, final).replace(final)
        except OSError as error:
            # Another run for the same folder may have been faster.
            if not holds(final, blob):
                raise write_failed(final, error) from None

    def write(self, content: bytes, final: Path) -> None:
        """Have ``content`` in ``final``, whole or not at all."""
        growing = self._growing / f"{final.name}-{os.getpid()}"
        self._begun[growing] = None
        self.make(final.parent)
        try:
            growing.parent.mkdir(mode=0o700, exist_ok=True)
            growing.write_bytes(content)
            growing.replace(final)
        except OSError as error:
            raise write_failed(final, error) from None


def holds(path: Path, blob: Descriptor) -> bool:
    """Whether a file at ``path`` is ``blob``, byte for byte; a link is none."""
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size != blob.size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, blob.digest.hasher).hexdigest() == blob.digest.encoded
    except OSError:
        return False
