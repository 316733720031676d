"""Where bundles are made, out of sight, until they are complete."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

from ocibroker.bundle.bundle import Bundle
from ocibroker.errors import UsageError, WriteFailed
from ocibroker.filelock import taken
from ocibroker.oci.filename import RESERVED
from ocibroker.writing import writing

_PREFIX: Final = f"{RESERVED}-"
_ROUNDS: Final = 3


class Workshop:
    """A private folder below ``into``, on the same disk; a context manager that removes it. Safe for threads.

    What a run that was killed has left there is removed by the next one; what this run has ``written`` already is
    not replaced. Raises :class:`~ocibroker.errors.WriteFailed`.
    """

    def __init__(self, into: Path, written: Iterable[Path] = ()) -> None:
        self._into: Final = into
        self._lock = threading.Lock()
        self._published = set(written)
        self._folder = into
        self._held: int | None = None

    def __enter__(self) -> Self:
        with writing(self._into):
            self._into.mkdir(parents=True, exist_ok=True)
            self._sweep()
            self._make()
        return self

    def __exit__(self, *_: object) -> None:
        _remove(self._folder)
        if self._held is not None:
            os.close(self._held)

    @contextmanager
    def bench(self, number: int) -> Iterator[Path]:
        """Make a folder for the source of that number, for a block."""
        path = self._folder / str(number)
        with writing(path):
            path.mkdir()
        try:
            yield path
        finally:
            _remove(path)

    def publish(self, bundle: Bundle, below: str = "") -> Bundle:
        """Give the complete ``bundle`` its place, ``below`` the folder of this run, by one rename.

        A file of that name is replaced, a folder is not: it may hold somebody's work. Raises
        :class:`~ocibroker.errors.UsageError` where another bundle of this run is there.
        """
        final = self._into / below / bundle.root.name
        with self._lock, writing(final):
            self._check(bundle, final)
            final.parent.mkdir(parents=True, exist_ok=True)
            bundle.root.replace(final)
            self._published.add(final)
        return replace(bundle, root=final)

    def _check(self, bundle: Bundle, final: Path) -> None:
        if final in self._published:
            why, hint = f"would replace what this run writes to {final}", "read it into another folder"
            raise UsageError(why, culprit=str(bundle.source), hint=hint)
        if os.path.lexists(final) and (bundle.root.is_dir() or not final.is_file() or final.is_symlink()):
            raise WriteFailed("is there already", culprit=str(final), hint="remove it, or choose another folder")

    def _make(self) -> None:
        while True:
            self._folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self._into))
            self._held = _hold(self._folder)
            if os.name != "posix" or self._held is not None:
                return  # else another run has just taken it for one that was left behind

    def _sweep(self) -> None:
        for path in self._into.glob(f"{_PREFIX}*"):
            if (held := _hold(path)) is not None:
                _remove(path)
                os.close(held)


def _hold(folder: Path) -> int | None:
    """Return ``folder`` opened and locked; none where it is another run's or gone, or locks are missing."""
    if os.name != "posix":
        return None
    try:
        file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    held = False
    try:
        held = taken(file) and folder.exists()
    finally:
        if not held:
            os.close(file)
    return file if held else None


def _remove(folder: Path) -> None:
    for _ in range(_ROUNDS):  # work that was stopped may have written one thing more meanwhile
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
