"""What is to be changed: the difference between what a plan wants and what there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ocibroker.errors import UsageError
from ocibroker.setup.files import content_of
from ocibroker.setup.journal import Journal, Record, digest
from ocibroker.setup.plan import Kind, Plan, Planned
from ocibroker.setup.revert import MERGED, reverted, same


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One file: what it holds, what it shall hold, and what it would hold ``without`` us; none is no file."""

    path: Path
    before: bytes | None = field(repr=False)
    after: bytes | None = field(repr=False)
    without: bytes | None = field(repr=False)
    kind: Kind
    mode: int
    private: bool = False
    record: Record | None = None

    @property
    def ours(self) -> bool:
        """Whether anything of ours is in the file afterwards."""
        return self.after != self.without


@dataclass(frozen=True, slots=True)
class Past:
    """What a journal knows of the files that there are."""

    journal: Journal
    records: Mapping[Path, Record]
    folders: tuple[Path, ...]

    @classmethod
    def read(cls, journal: Journal) -> Past:
        """Return the past of one tool."""
        ledger = journal.read()
        records = {Path(one.path): one for one in ledger.records}
        return cls(journal, records, tuple(map(Path, ledger.folders)))

    def without(self, path: Path) -> bytes | None:
        """Return what a file would hold without us; where that cannot be told, what it holds."""
        record, current = self.records.get(path), content_of(path)
        if record is None or current is None:
            return current
        if digest(current) in record.written:
            return self.journal.original(record)
        apart = self._told_apart(record, current)
        return current if apart is None else apart

    def changes(self, plan: Plan) -> Iterator[Change]:
        """Return what is to be done: for the plan's files, and for those of an earlier one that it lacks.

        Raises as :meth:`undoing` for one of the latter.
        """
        planned = {one.path for one in plan.files}
        left = {path: record for path, record in self.records.items() if path not in planned}
        self._check(left)
        for one in plan.files:
            yield from self._change(one)
        for path, record in reversed([*left.items()]):
            yield self._back(path, record, gone=None)

    def undoing(self) -> tuple[Change, ...]:
        """Return what takes everything back.

        Raises :class:`~ocibroker.errors.UsageError` for a file that somebody else has changed so that our part
        cannot be told from theirs.
        """
        self._check(self.records)
        return tuple(
            self._back(path, record, gone=self.journal.original(record))
            for path, record in reversed([*self.records.items()])
        )

    def _check(self, records: Mapping[Path, Record]) -> None:
        for path, record in records.items():
            if not self._clean(path, record):
                before = self.journal.backup(record.original) if record.original else None
                was = f"what was there before is {before}" if before else "there was no such file before"
                raise UsageError(
                    "somebody has changed it since, so it cannot be taken back",
                    culprit=str(path),
                    hint=f"{was}; put it right by hand, or move it away, and try again",
                )

    def _clean(self, path: Path, record: Record) -> bool:
        """Whether our part of a file can be taken out of it."""
        current = content_of(path)
        if current is None or digest(current) in (*record.written, record.original):
            return True
        return self._told_apart(record, current) is not None

    def _told_apart(self, record: Record, current: bytes) -> bytes | None:
        written = self.journal.written(record) if record.kind in MERGED else b""
        return reverted(current, self.journal.original(record), written, record.kind)

    def _change(self, wanted: Planned) -> Iterator[Change]:
        before, record = content_of(wanted.path), self.records.get(wanted.path)
        if before is None or not same(before, wanted.content, wanted.kind):
            yield Change(
                path=wanted.path,
                before=before,
                after=wanted.content,
                without=self.without(wanted.path),
                kind=wanted.kind,
                mode=wanted.mode,
                private=wanted.private,
                record=record,
            )

    def _back(self, path: Path, record: Record, *, gone: bytes | None) -> Change:
        """Return what leads to a file without us; ``gone`` is what it becomes where somebody has removed it."""
        before = content_of(path)
        after = gone if before is None else self.without(path)
        return Change(
            path=path, before=before, after=after, without=after, kind=record.kind, mode=record.mode, record=record
        )
