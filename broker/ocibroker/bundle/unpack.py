"""Archives into folders, and nowhere else.

``tarfile`` and ``zipfile`` read; they write nothing. The ``data`` filter of ``tarfile`` (PEP 706) judges a name by
what is on the disk at that moment, and lets through what comes twice or differs in case only; and zip archives have
none. So one :class:`~ocibroker.bundle.builder.Builder` puts the entries of either kind in their places.
"""

from __future__ import annotations

import lzma
import zipfile
import zlib
from pathlib import Path
from tarfile import TarError
from typing import Final

from ocibroker.bundle import tarball, zipball
from ocibroker.bundle.builder import Builder
from ocibroker.bundle.kind import Kind
from ocibroker.bundle.meter import Meter
from ocibroker.bundle.reading import Reading
from ocibroker.errors import IntegrityError
from ocibroker.writing import writing

BROKEN: Final = (
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    TarError,
    ValueError,
    lzma.LZMAError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What the standard library raises for archives that are not what they should be; OSError for gzip and bzip2."""


def unpack(archive: Path, kind: Kind, into: Path, reading: Reading, culprit: str) -> None:
    """Unpack ``archive`` into the new folder ``into``; ``culprit`` names the source.

    Refused are names that are absolute, lead out, come twice or differ only in case, hard links to what is not
    there, absolute symbolic links, devices and pipes, sparse files, encrypted files, and more than the limits of
    ``reading`` allow. Where relative links lead is for :func:`~ocibroker.bundle.tree.listed` to judge. Raises
    :class:`~ocibroker.errors.IntegrityError`, :class:`~ocibroker.errors.WriteFailed`, and what the halt and the
    deadline raise.
    """
    with writing(into):
        into.parent.mkdir(exist_ok=True)  # not its parents: where a run has ended there is nothing to make
        into.mkdir()
        size = archive.stat().st_size
    meter = Meter(reading, size, culprit)
    builder = Builder(into, meter, culprit)
    try:
        with archive.open("rb") as file:
            entries = (
                zipball.entries(file, meter, culprit)
                if kind == "zip"
                else tarball.entries(file, kind, meter, culprit)
            )
            for entry in entries:
                builder.add(entry)
    except BROKEN:
        failure = IntegrityError(f"is no complete {kind} archive", culprit=culprit, hint="see what its URL serves")
    else:
        return builder.complete()
    raise failure
