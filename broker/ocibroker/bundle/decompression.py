"""The content of a compressed file, read in order, in bounded memory."""

from __future__ import annotations

import bz2
import gzip
import lzma
from typing import BinaryIO, Final, Protocol, cast

from ocibroker.bundle.kind import Kind
from ocibroker.bundle.meter import Meter

_PART: Final = 64 * 1024
_MEMORY: Final = 256 * 1024**2
"""Bytes that an .xz may ask for: ``xz -9`` asks for 65 MiB, and the format allows 4 GiB."""


class Readable(Protocol):
    """What gives up to so many bytes; none at its end."""

    def read(self, size: int, /) -> bytes:
        """Return them."""
        ...


class Metered:
    """``file``, each byte of which is counted when it is read."""

    def __init__(self, file: Readable, meter: Meter) -> None:
        self._file, self._meter = file, meter

    def read(self, size: int = _PART, /) -> bytes:
        """Return at most so many bytes."""
        part = self._file.read(size)
        self._meter.grow(len(part))
        return part


def decompressed(file: BinaryIO, kind: Kind) -> Readable:
    """Return the content of ``file``, a ``.tar`` of that kind."""
    if kind == "tar.gz":
        return cast("Readable", gzip.GzipFile(fileobj=file, mode="rb"))
    if kind == "tar.bz2":
        return cast("Readable", bz2.BZ2File(file))
    return _XZ(file) if kind == "tar.xz" else file


class _XZ:
    """As ``lzma.LZMAFile``, which cannot bound its memory; streams may follow each other, as there."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = b""
        self._stream: lzma.LZMADecompressor | None = None

    def read(self, size: int, /) -> bytes:
        while self._more():
            stream = self._stream = self._stream or lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)
            part = stream.decompress(self._left, size)
            self._left = stream.unused_data if stream.eof else b""
            if stream.eof:
                self._stream = None
            if part:
                return part
        return b""

    def _more(self) -> bool:
        """Whether there is anything left; between streams, zeros are padding."""
        if self._stream is not None and not self._stream.needs_input:
            return True
        if not self._left:
            self._left = self._file.read(_PART)
        if self._stream is None:
            self._left = self._left.lstrip(b"\0")
        if not self._left and self._stream is not None:
            raise EOFError("the file ends within a stream")
        return bool(self._left)
