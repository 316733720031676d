"""The entries of a zip archive."""

from __future__ import annotations

import os
import stat
import struct
import zipfile
from collections.abc import Iterator
from typing import BinaryIO, Final, cast

from ocibroker.bundle.decompression import Metered
from ocibroker.bundle.entry import Entry, parts_of, refused
from ocibroker.bundle.meter import Meter
from ocibroker.errors import IntegrityError

LARGEST_DIRECTORY: Final = 16 * 1024 * 1024
"""Bytes of an archive's table of contents, which ``zipfile`` holds in memory: of 100,000 entries, 13 MiB."""

_ENCRYPTED: Final = 0x1
_END: Final = struct.Struct("<4s8xL4xH")
_END64: Final = struct.Struct("<4s36xQ8x")
_LOCATOR: Final = struct.Struct("<4s16x")
_LONGEST_COMMENT: Final = 0xFFFF
_LONGEST_TARGET: Final = 4096


def entries(file: BinaryIO, meter: Meter, culprit: str) -> Iterator[Entry]:
    """Yield the entries of ``file``; the content of each is to be read before the next."""
    if _directory_size(file) > LARGEST_DIRECTORY:
        hint = "see what it holds"
        raise IntegrityError("has a table of contents without end", culprit=culprit, hint=hint)
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            yield from _entry(archive, member, meter, culprit)


def _directory_size(file: BinaryIO) -> int:
    """Return what the end of ``file`` says, as APPNOTE 4.3.14 and 4.3.16 have it and ``zipfile`` reads it."""
    length = file.seek(0, os.SEEK_END)
    file.seek(max(0, length - _LONGEST_COMMENT - _END.size - _LOCATOR.size - _END64.size))
    tail = file.read()
    end = tail.rfind(b"PK\5\6")
    if end < 0 or len(tail) - end < _END.size:
        return 0
    size: int = _END.unpack_from(tail, end)[1]
    wide = end - _LOCATOR.size - _END64.size
    if wide >= 0 and tail[end - _LOCATOR.size :].startswith(b"PK\6\7"):
        size = max(size, _END64.unpack_from(tail, wide)[1])
    return size


def _entry(archive: zipfile.ZipFile, member: zipfile.ZipInfo, meter: Meter, culprit: str) -> Iterator[Entry]:
    name, mode = member.orig_filename, member.external_attr >> 16  # zipfile's own name ends at a NUL
    parts = parts_of(name, culprit)
    if member.flag_bits & _ENCRYPTED:
        raise refused(name, "is encrypted", culprit)
    if name.endswith("/"):
        yield Entry(parts, "folder")
        return
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFLNK}:
        raise refused(name, "is a device or a pipe", culprit)
    with archive.open(member) as opened:
        content = Metered(opened, meter)
        if stat.S_ISLNK(mode):
            yield Entry(parts, "link", target=content.read(_LONGEST_TARGET).decode("utf-8", "surrogateescape"))
        else:
            executable = bool(mode & stat.S_IXUSR)
            yield Entry(parts, "file", content=cast("BinaryIO", content), executable=executable)
