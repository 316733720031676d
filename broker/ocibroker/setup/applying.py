"""Changes made, one file after the other: a crash leaves each as it was or as it shall be, and can be undone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ocibroker.errors import WriteFailed
from ocibroker.setup.changes import Change, Past
from ocibroker.setup.files import content_of, make_folders, missing_folders, mode_of, remove, write
from ocibroker.setup.journal import Journal, Ledger, Record, digest
from ocibroker.setup.plan import Plan, Read
from ocibroker.setup.revert import MERGED


def pending(make: Callable[[Read], Plan], journal: Journal) -> tuple[Change, ...]:
    """Return what :func:`apply` would change; nothing is touched."""
    past = Past.read(journal)
    return tuple(one for one in past.changes(make(past.without)) if one.before != one.after)


def apply(make: Callable[[Read], Plan], journal: Journal) -> tuple[Change, ...]:
    """Make the files those of the plan, and return what was changed; no other process does so meanwhile.

    Raises :class:`~ocibroker.errors.WriteFailed`; what was changed until then stays, and can be undone.
    """
    with journal.alone():
        past = Past.read(journal)
        plan = make(past.without)
        return _make(tuple(past.changes(plan)), past, 0o755 if plan.shared else 0o700)


def undo(journal: Journal) -> tuple[Change, ...]:
    """Take everything back, and return what was changed; raises as :func:`apply` and :meth:`Past.undoing`."""
    with journal.alone():
        past = Past.read(journal)
        return _make(past.undoing(), past, 0o700)


def _make(changes: Iterable[Change], past: Past, folder_mode: int) -> tuple[Change, ...]:
    book = _Book(past.journal, dict(past.records), list(past.folders))
    return tuple(change for change in changes if _one(change, book, folder_mode))


@dataclass(frozen=True, slots=True)
class _Book:
    journal: Journal
    records: dict[Path, Record]
    folders: list[Path]

    def enter(self, change: Change, after: bytes, folders: tuple[Path, ...]) -> None:
        """Note what is about to be written, so that it can be taken back whenever it is there."""
        self.folders.extend(folders)
        if change.kind in MERGED:
            self.journal.keep(after)
        self.records[change.path] = Record(
            path=str(change.path),
            kind=change.kind,
            original=None if change.without is None else self.journal.keep(change.without),
            written=(*_by_us(change), digest(after)),
            mode=mode_of(change.path) or change.mode,
        )
        self._write()

    def strike(self, path: Path) -> None:
        """Forget a file that is as it would be without us."""
        self.records.pop(path, None)
        self.folders[:] = [folder for folder in self.folders if folder.is_dir()]
        self._write()

    def _write(self) -> None:
        self.journal.write(
            Ledger(records=tuple(self.records.values()), folders=tuple(dict.fromkeys(map(str, self.folders))))
        )


def _by_us(change: Change) -> tuple[str, ...]:
    """Return the digest of what is there, where it is by us and may stay there if the write is not reached."""
    if change.record is None or change.before is None:
        return ()
    found = digest(change.before)
    return (found,) if found in change.record.written else ()


def _one(change: Change, book: _Book, folder_mode: int) -> bool:
    """Make one change; whether a file was touched."""
    if content_of(change.path) != change.before:
        raise WriteFailed("has just been changed by somebody else", culprit=str(change.path), hint="run it again")
    if change.ours and change.after is not None:
        folders = missing_folders(change.path)
        book.enter(change, change.after, folders)
        make_folders(folders, mode=folder_mode)
        write(change.path, change.after, mode=change.mode)
        return True
    touched = change.before != change.after
    if touched and change.after is not None:
        make_folders(missing_folders(change.path), mode=folder_mode)
        write(change.path, change.after, mode=change.mode)
    elif touched or change.before is None:
        remove(change.path, book.folders)
    book.strike(change.path)
    return touched
