"""What was written for a tool, and what was there before: so that it can be taken back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import msgspec

from ocibroker.atomic import private_folder, replace
from ocibroker.errors import ConfigurationError
from ocibroker.filelock import locked
from ocibroker.folders import state
from ocibroker.setup.files import content_of
from ocibroker.setup.plan import Kind

_VERSION: Final = 1


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file. ``original`` is the digest of what was there, none where there was no file.

    ``written`` are the digests of what may be there by us: two, where the second write may not have been reached.
    ``mode`` is that of the file.
    """

    path: str
    kind: Kind
    original: str | None
    written: tuple[str, ...]
    mode: int


class Ledger(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The files that were written, and the folders that were made for them."""

    version: int = _VERSION
    records: tuple[Record, ...] = ()
    folders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Journal:
    """The ledger of one tool, and the contents that it names, in a folder of the user's own."""

    folder: Path

    @classmethod
    def of(cls, tool: str, environ: Mapping[str, str]) -> Self:
        """Return the journal of a tool; nothing is read or made."""
        return cls(state(environ) / "setup" / tool)

    def alone(self) -> AbstractContextManager[None]:
        """Return a context in which no other process does this; raises :class:`~ocibroker.errors.WriteFailed`."""
        with private_folder(self.folder):
            return locked(self.folder.parent / "lock")

    def read(self) -> Ledger:
        """Return what is written down; raises :class:`~ocibroker.errors.ConfigurationError`."""
        content = content_of(self._file)
        if content is None:
            return Ledger()
        try:
            ledger = msgspec.json.decode(content, type=Ledger)
        except (msgspec.DecodeError, UnicodeDecodeError):
            ledger = Ledger(version=0)
        if ledger.version != _VERSION:
            raise ConfigurationError(
                "is not a journal of this version",
                culprit=str(self._file),
                hint="move it away; nothing is undone then",
            )
        return ledger

    def write(self, ledger: Ledger) -> None:
        """Replace what is written down, and then drop the contents that it no longer names."""
        replace(self._file, msgspec.json.format(msgspec.json.encode(ledger)) + b"\n")
        named = {self.backup(name).name for one in ledger.records for name in (one.original, *one.written) if name}
        for path in self.folder.glob("backup-*"):
            if path.name not in named:
                path.unlink(missing_ok=True)

    def backup(self, digest: str) -> Path:
        """Return where the content with that digest is kept."""
        return self.folder / f"backup-{digest[:16]}"

    def keep(self, content: bytes) -> str:
        """Keep a content, and return its digest."""
        name = digest(content)
        replace(self.backup(name), content)
        return name

    def original(self, record: Record) -> bytes | None:
        """Return what was there before; raises :class:`~ocibroker.errors.ConfigurationError` where it is lost."""
        return None if record.original is None else self._kept(record.original)

    def written(self, record: Record) -> bytes:
        """Return what was written last; raises as :meth:`original`."""
        return self._kept(record.written[-1])

    def _kept(self, name: str) -> bytes:
        path = self.backup(name)
        content = content_of(path)
        if content is None or digest(content) != name:
            raise ConfigurationError("is missing or damaged", culprit=str(path), hint="restore the files by hand")
        return content

    @property
    def _file(self) -> Path:
        return self.folder / "journal.json"


def digest(content: bytes) -> str:
    """Return what tells a content from any other."""
    return hashlib.sha256(content).hexdigest()
