"""A folder that grows by the entries of an archive, and never beyond itself."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path
from typing import BinaryIO, Final, Literal

from ocibroker.bundle.entry import Entry, parts_of, refused
from ocibroker.bundle.meter import Meter
from ocibroker.errors import IntegrityError
from ocibroker.secret import has_control, has_lone_surrogate
from ocibroker.writing import write_all, writing

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_PART: Final = 1024 * 1024


class Builder:
    """Puts entries below the empty folder ``root``; ``culprit`` names the archive.

    Symbolic links are made last, when nothing is written any more that could go through one. Names count as equal
    where a file system that folds case or normalises takes them for one. Of a file's mode only whether it is
    executable is kept. Raises :class:`~ocibroker.errors.IntegrityError`, and
    :class:`~ocibroker.errors.WriteFailed`.
    """

    def __init__(self, root: Path, meter: Meter, culprit: str) -> None:
        self._root, self._meter, self._culprit = root, meter, culprit
        self._known: dict[str, tuple[str, Literal["file", "folder"]]] = {}
        self._links: list[Entry] = []

    def add(self, entry: Entry) -> None:
        """Have ``entry`` in its place, or, where it is a symbolic link, remember it."""
        self._meter.enter()
        if entry.kind == "folder":
            return self._folder(entry.parts)
        if not entry.parts:
            raise self._refused("/".join(entry.parts), "has no name")
        self._folder(entry.parts[:-1])
        self._claim(entry.parts, "file")
        if entry.kind == "link":
            self._links.append(entry)
        elif entry.kind == "hard link":
            self._join(entry)
        elif entry.content is not None:
            self._write(entry, entry.content)
        return None

    def complete(self) -> None:
        """Make the symbolic links; where they lead is for :func:`~ocibroker.bundle.tree.listed` to judge."""
        for link in self._links:
            path = self._root.joinpath(*link.parts)
            if _leads_nowhere(link.target):
                raise self._refused("/".join(link.parts), "is a link to nothing, or to an absolute path")
            with writing(path):
                path.symlink_to(link.target)

    def _folder(self, parts: tuple[str, ...]) -> None:
        for count in range(1, len(parts) + 1):
            if self._claim(parts[:count], "folder"):
                path = self._root.joinpath(*parts[:count])
                with writing(path):
                    path.mkdir()

    def _claim(self, parts: tuple[str, ...], kind: Literal["file", "folder"]) -> bool:
        """Whether the name is new; it may come again only for a folder that is spelt the same."""
        name, folded = "/".join(parts), _folded("/".join(parts))
        known = self._known.get(folded)
        if known is None:
            self._known[folded] = (name, kind)
            return True
        if known != (name, kind) or kind != "folder":
            raise self._refused(name, f"comes a second time: {known[0]!r} is there already")
        return False

    def _join(self, entry: Entry) -> None:
        """Make a hard link: to a file that the same archive has put there, or not at all."""
        target = "/".join(parts_of(entry.target, self._culprit))
        source, path = self._root / target, self._root.joinpath(*entry.parts)
        if self._known.get(_folded(target)) != (target, "file") or source.is_symlink() or not source.is_file():
            raise self._refused("/".join(entry.parts), "is a hard link to no file before it")
        with writing(path):
            os.link(source, path)

    def _write(self, entry: Entry, content: BinaryIO) -> None:
        path = self._root.joinpath(*entry.parts)
        with writing(path):
            file = os.open(path, _NEW, 0o777 if entry.executable else 0o666)
        try:
            while part := content.read(_PART):  # what this raises is the archive's fault, and not the disk's
                with writing(path):
                    write_all(file, part)
        finally:
            os.close(file)

    def _refused(self, name: str, why: str) -> IntegrityError:
        return refused(name, why, self._culprit)


def _leads_nowhere(target: str) -> bool:
    absolute = target.startswith("/") or "\\" in target or ":" in target
    return not target or absolute or has_control(target) or has_lone_surrogate(target)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())
