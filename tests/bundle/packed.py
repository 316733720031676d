"""Archives of the tests' own making, as good or as bad as they are said to be."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ocibroker.bundle.kind import Kind

MODES: dict[Kind, Literal["w:", "w:gz", "w:bz2", "w:xz"]] = {
    "tar": "w:",
    "tar.gz": "w:gz",
    "tar.bz2": "w:bz2",
    "tar.xz": "w:xz",
}
ALL: tuple[Kind, ...] = (*MODES, "zip")

Sort = Literal["file", "folder", "link", "hard link", "fifo", "character device", "block device"]
_TAR: dict[Sort, bytes] = {
    "file": tarfile.REGTYPE,
    "folder": tarfile.DIRTYPE,
    "link": tarfile.SYMTYPE,
    "hard link": tarfile.LNKTYPE,
    "fifo": tarfile.FIFOTYPE,
    "character device": tarfile.CHRTYPE,
    "block device": tarfile.BLKTYPE,
}
_ZIP: dict[Sort, int] = {
    "file": 0o100000,
    "folder": 0o040000,
    "link": 0o120000,
    "fifo": 0o010000,
    "character device": 0o020000,
    "block device": 0o060000,
}


@dataclass(frozen=True)
class Item:
    """An entry; ``target`` is where a link leads."""

    name: str
    content: bytes = b""
    sort: Sort = "file"
    target: str = ""
    mode: int = 0o644


def file(name: str, content: bytes = b"here", mode: int = 0o644) -> Item:
    return Item(name, content, mode=mode)


def link(name: str, target: str) -> Item:
    return Item(name, sort="link", target=target)


def hard_link(name: str, target: str) -> Item:
    return Item(name, sort="hard link", target=target)


def packed(items: Iterable[Item], kind: Kind = "tar.gz") -> bytes:
    """Return an archive of that kind; a zip archive has no hard links, and leaves them out."""
    into = io.BytesIO()
    if kind == "zip":
        _zip(items, into)
    else:
        _tar(items, into, MODES[kind])
    return into.getvalue()


def _tar(items: Iterable[Item], into: io.BytesIO, mode: Literal["w:", "w:gz", "w:bz2", "w:xz"]) -> None:
    with tarfile.open(fileobj=into, mode=mode, format=tarfile.PAX_FORMAT) as archive:
        for item in items:
            member = tarfile.TarInfo(item.name)
            member.type, member.linkname, member.mode = _TAR[item.sort], item.target, item.mode
            member.size = len(item.content)
            archive.addfile(member, io.BytesIO(item.content))


def _zip(items: Iterable[Item], into: io.BytesIO) -> None:
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for item in items:
            if item.sort in _ZIP:
                name = f"{item.name}/" if item.sort == "folder" else item.name
                member = zipfile.ZipInfo("placeholder")
                member.filename = name  # its own constructor would mend what is to be wrong
                member.compress_type = zipfile.ZIP_DEFLATED
                member.external_attr = (_ZIP[item.sort] | item.mode) << 16
                archive.NameToInfo.clear()  # it warns of what comes twice
                archive.writestr(member, item.target.encode() if item.sort == "link" else item.content)


def with_dictionary(xz: bytes, size: int) -> bytes:
    """Return the ``.xz`` file with another size of its dictionary, as the format has it: 28 is 64 MiB, 36 is 1 GiB.

    It is the byte behind the filter's id and the length of what belongs to it, in the header of the first block.
    """
    length = (xz[12] + 1) * 4
    block = bytearray(xz[12 : 12 + length - 4])
    block[block.index(b"\x21\x01") + 2] = size
    return xz[:12] + bytes(block) + struct.pack("<I", zlib.crc32(block)) + xz[12 + length :]
