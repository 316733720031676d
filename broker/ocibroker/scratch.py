"""A private folder for what a library takes only as a file."""

from __future__ import annotations

import threading
import weakref
from pathlib import Path
from stat import S_IFMT


class Scratch:
    """A folder of mode 0700, made at the first write and removed with its owner."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folder: Path | None = None
        self._made: tuple[int, int, int] | None = None
        self._remove: weakref.finalize[[Path, bool], Scratch] | None = None

    def write(self, name: str, text: str) -> Path:
        """Return a file of that name with that content; the same name always has the same content."""
        with self._lock:
            path = self._make() / name
            if not path.exists():
                path.write_text(text)
            return path

    def forked(self) -> None:
        """Begin anew in a child: the folder is its parent's, who removes it."""
        self._lock = threading.Lock()
        if self._remove:
            self._remove.detach()
        self._folder = self._made = self._remove = None

    def close(self) -> None:
        """Remove the folder."""
        with self._lock:
            if self._remove:
                self._remove()
            self._folder = None

    def _make(self) -> Path:
        import shutil  # slow, as the next, and few libraries take only a file
        import tempfile

        # What cleans /tmp may have removed it; whatever stands in its place since then is somebody else's.
        if self._folder is None or _look(self._folder) != self._made:
            if self._remove:
                self._remove.detach()
            self._folder = Path(tempfile.mkdtemp(prefix="ocibroker-"))
            self._made = _look(self._folder)
            self._remove = weakref.finalize(self, shutil.rmtree, self._folder, True)  # noqa: FBT003  # ignore_errors
        return self._folder


def _look(folder: Path) -> tuple[int, int, int] | None:
    try:
        found = folder.lstat()
    except OSError:
        return None
    return found.st_ino, found.st_uid, S_IFMT(found.st_mode)
