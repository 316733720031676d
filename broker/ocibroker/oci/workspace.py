"""The folder that a pull writes into, and the one below it where blobs grow."""

from __future__ import annotations

import hashlib
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from ocibroker.errors import WriteFailed
from ocibroker.oci.descriptor import Descriptor
from ocibroker.oci.digest import Digest
from ocibroker.oci.exclusive import locked
from ocibroker.oci.filename import RESERVED
from ocibroker.oci.halt import Halt
from ocibroker.oci.partial import Partial
from ocibroker.writing import writing


class Workspace:
    """Gives blobs their names in ``folder`` once they are complete; a context manager.

    What it has begun and not completed in the end is removed, except what is to :meth:`leave`. Safe for threads.
    Errors are :class:`~ocibroker.errors.WriteFailed`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder: Final = folder
        self._growing = folder / RESERVED
        self._begun: dict[Path, Partial] = {}
        self._claimed: dict[str, Digest] = {}

    def __enter__(self) -> Self:
        self.make(self.folder)
        return self

    def __exit__(self, *_: object) -> None:
        for partial in list(self._begun.values()):
            partial.discard()
        with suppress(OSError):
            self._growing.rmdir()

    def claim(self, place: str, digest: Digest) -> bool:
        """Whether ``place`` is for that content in this run, and not already for another."""
        return self._claimed.setdefault(place, digest) == digest

    def make(self, folder: Path) -> None:
        """Make ``folder`` and those above it."""
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)

    def grow(self, blob: Descriptor, final: Path, halt: Halt) -> Partial:
        """Return what there is of ``blob``, which is to be called ``final``, once no other run has it open."""
        partial = Partial(self._place(blob, final), blob, halt)
        # Not before: as long as another run has it open, it is not ours to remove.
        self._begun[partial.path] = partial
        return partial

    def leave(self, blob: Descriptor, final: Path) -> None:
        """Leave what has grown of ``blob`` for the next run."""
        self._begun.pop(self._place(blob, final), None)

    def publish(self, grown: Partial, final: Path, halt: Halt) -> bool:
        """Give the verified ``grown`` its name; whatever had that name is replaced.

        False where another run for the same folder was stopped meanwhile, and has removed it.
        """
        self.make(final.parent)
        try:
            with locked(grown.path, halt), writing(final):
                # Under the lock: where another run has published it, what is there now may just begin to grow.
                # Where the file system has set another time, it is read once more.
                if grown.untouched or holds(grown.path, grown.descriptor):
                    grown.path.replace(final)
                    return True
        except WriteFailed:
            if grown.untouched:
                raise
        return holds(final, grown.descriptor)

    def write(self, content: bytes, final: Path, halt: Halt) -> None:
        """Have ``content`` in ``final``, whole or not at all."""
        blob = Descriptor(media_type="", digest=Digest.sha256(content), size=len(content))
        if holds(final, blob):
            return
        with self.grow(blob, final, halt) as partial:
            if not partial.verified:  # else another run may be giving it its name just now
                partial.restart()
                partial.write(content)
        if not self.publish(partial, final, halt):
            self.write(content, final, halt)

    def _place(self, blob: Descriptor, final: Path) -> Path:
        """Return where ``blob`` grows: the same in every run."""
        place = f"{blob.digest}/{final.relative_to(self.folder).as_posix()}"
        return self._growing / hashlib.sha256(place.encode()).hexdigest()


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
