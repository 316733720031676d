"""The entries of a zip archive."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from typing import BinaryIO, Final, cast

from ocibroker.bundle.decompression import Metered
from ocibroker.bundle.entry import Entry, parts_of, refused
from ocibroker.bundle.meter import Meter

_ENCRYPTED: Final = 0x1
_LONGEST_TARGET: Final = 4096


def entries(file: BinaryIO, meter: Meter, culprit: str) -> Iterator[Entry]:
    """Yield the entries of ``file``; the content of each is to be read before the next."""
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            yield from _entry(archive, member, meter, culprit)


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
