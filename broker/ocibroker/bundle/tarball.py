"""The entries of a tar archive."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from typing import BinaryIO, Final, Self, cast

from ocibroker.bundle.decompression import Metered, decompressed
from ocibroker.bundle.entry import Entry, parts_of, refused
from ocibroker.bundle.kind import Kind
from ocibroker.bundle.meter import Meter

_DESCRIBING: Final = frozenset(
    {
        tarfile.GNUTYPE_LONGLINK,
        tarfile.GNUTYPE_LONGNAME,
        tarfile.SOLARIS_XHDTYPE,
        tarfile.XGLTYPE,
        tarfile.XHDTYPE,
    }
)
_LONGEST: Final = 1024 * 1024
"""Bytes that describe one entry: ``tarfile`` holds them in memory."""
_OWNER_MAY_RUN: Final = 0o100


class _Header(tarfile.TarInfo):
    """A header that announces no endless description."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        try:
            header = super().frombuf(buf, encoding, errors)
        except (tarfile.InvalidHeaderError, tarfile.TruncatedHeaderError):  # type: ignore[attr-defined]
            raise tarfile.ReadError("a header that is none") from None  # else it would count as the end
        if header.type in _DESCRIBING and header.size > _LONGEST:
            raise tarfile.ReadError("a description without end")
        return header


def entries(file: BinaryIO, kind: Kind, meter: Meter, culprit: str) -> Iterator[Entry]:
    """Yield the entries of ``file``; the content of each is to be read before the next."""
    content = cast("BinaryIO", Metered(decompressed(file, kind), meter))
    with tarfile.open(fileobj=content, mode="r|", tarinfo=_Header, encoding="utf-8") as archive:
        while (member := archive.next()) is not None:
            yield _entry(archive, member, culprit)
            archive.members.clear()  # type: ignore[attr-defined]  # else it remembers all of them
    while content.read():  # a compressed file says at its end whether all of it was right
        pass


def _entry(archive: tarfile.TarFile, member: tarfile.TarInfo, culprit: str) -> Entry:
    parts = parts_of(member.name, culprit)
    if member.isdir():
        return Entry(parts, "folder")
    if member.issym():
        return Entry(parts, "link", target=member.linkname)
    if member.islnk():
        return Entry(parts, "hard link", target=member.linkname)
    if not member.isreg() or member.issparse():
        why = "is a device, a pipe or a sparse file"
        raise refused(member.name, why, culprit)
    content = cast("BinaryIO", archive.extractfile(member))
    return Entry(parts, "file", content=content, executable=bool(member.mode & _OWNER_MAY_RUN))
