"""The store in files of one user: for commands and helpers, whose processes end at once.

A file an entry, named by its key, which is a digest: no name tells whose it is. Files are of mode 0600 in a folder
of mode 0700; what anybody else could read, write or exchange is not believed. Who reads sees the old content or the
new.
"""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Final

from ocibroker.atomic import replace
from ocibroker.cache.boot import boot_id
from ocibroker.cache.entry import Entry
from ocibroker.cache.moment import Moment
from ocibroker.cache.record import LARGEST, Record, dump, load, parse
from ocibroker.credential import Credential
from ocibroker.deadline import Deadline
from ocibroker.errors import WriteFailed
from ocibroker.filelock import lock
from ocibroker.folders import home

_LOG: Final = logging.getLogger("ocibroker")
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_LOCK: Final = ".lock"
_ABANDONED: Final = 3600.0
"""Seconds after which what a crash has left half written is removed."""


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Return where entries lie: below the runtime directory, which ends with the session, else below the caches.

    Follows the XDG Base Directory Specification 0.8.
    """
    runtime, caches = (Path(environ.get(name, "")) for name in ("XDG_RUNTIME_DIR", "XDG_CACHE_HOME"))
    if runtime.is_absolute():  # a relative one is to be ignored
        return runtime / "ocibroker" / "cache"
    return (caches if caches.is_absolute() else home(environ) / ".cache") / "ocibroker"


class FileStore:
    """Entries in ``folder``. What goes wrong is a miss, and logged once."""

    shared: Final = ""
    sealing: Final = ""

    def __init__(self, folder: Path, start: str | None = None) -> None:
        self.folder: Final = folder
        self._start = boot_id() if start is None else start
        self.trouble = ""
        self._complained = False

    def get(self, key: str, now: Moment) -> Entry | None:
        """Return the entry, or none."""
        data = self._read(key)
        return load(data, key, now, self._start) if data else None

    def put(self, key: str, entry: Entry, provider: str) -> None:
        """Keep ``entry``; a newer one that is there already stays."""
        data = dump(key, entry, provider, self._start)
        there = parse(self._read(key))
        expires = getattr(entry.answer, "expires_at", None)
        if data is None or expires is None or (there and there.key == key and there.expires_at > expires):
            return
        with self._failing():
            replace(self.folder / key, data, modified=expires.timestamp())
            self._prune(entry.at.wall.timestamp())

    def discard(self, key: str, refused: Credential, now: Moment) -> None:
        """Forget the entry if it holds what was refused."""
        entry = self.get(key, now)
        if entry is not None and entry.answer == refused:
            self.forget(key)

    def forget(self, key: str) -> None:
        """Forget the entry."""
        with self._failing(), suppress(FileNotFoundError):
            (self.folder / key).unlink()

    def turn(self, key: str, deadline: Deadline) -> AbstractContextManager[bool]:
        """Have one process at a time in the block; half of the deadline is spent on waiting, and then none is."""
        return self._turn(self.folder / f"{key}{_LOCK}", deadline.left() / 2)

    def records(self) -> Iterator[Record]:
        """Yield what is there, for people."""
        for path in sorted(self.folder.glob("*")) if self.folder.is_dir() else ():
            if record := parse(self._read(path.name)):
                yield record

    def clear(self) -> int:
        """Forget everything, and return how many entries that were."""
        gone = 0
        for path in [*self.folder.iterdir()] if self.folder.is_dir() else []:
            with suppress(OSError):
                if path.suffix != _LOCK:
                    path.unlink()
                    gone += not path.name.startswith(".")
        return gone

    def forked(self) -> None:
        """Share nothing: every file is opened anew."""

    def close(self) -> None:
        """Close nothing: no file stays open."""

    @contextmanager
    def _turn(self, path: Path, seconds: float) -> Iterator[bool]:
        held, waited = None, False
        with self._failing():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            held = lock(path, 0.0)
            if held is None:
                waited, held = True, lock(path, seconds)
        try:
            yield waited
        finally:
            if held is not None:
                # Who waits for it sees that the name is gone, and makes another.
                with suppress(OSError):
                    path.unlink()
                os.close(held)

    def _read(self, name: str) -> bytes:
        """Return the content of a file of ours alone; nothing where it is anything else."""
        with suppress(OSError):
            file = os.open(self.folder / name, _FLAGS)
            try:
                if self._trusted(os.fstat(file)):
                    return os.read(file, LARGEST + 1)
            finally:
                os.close(file)
        return b""

    def _trusted(self, found: os.stat_result) -> bool:
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            return False
        return os.name != "posix" or (found.st_uid == os.geteuid() and not found.st_mode & 0o077)

    def _prune(self, now: float) -> None:
        """Remove what has expired by its file's modification time, and what a crash has left half written."""
        for path in self.folder.iterdir():
            with suppress(OSError, WriteFailed):  # another process was faster, or it is nothing of ours
                abandoned = path.name.startswith(".") or path.suffix == _LOCK
                if path.lstat().st_mtime < now - (_ABANDONED if abandoned else 0):
                    _remove(path)

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Have a failure of the block logged once: a store is a help, and never in the way."""
        try:
            yield
            self.trouble = ""
        except (OSError, WriteFailed) as error:
            self.trouble = str(error)
            if not self._complained:
                self._complained = True
                _LOG.warning("the cache cannot be used: %s", error)


def _remove(path: Path) -> None:
    """Remove ``path``; a lock only while nobody holds it."""
    held = lock(path, 0.0) if path.suffix == _LOCK else None
    if held is not None or path.suffix != _LOCK:
        path.unlink()
    if held is not None:
        os.close(held)
