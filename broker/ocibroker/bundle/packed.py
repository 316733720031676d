"""A chart's folder as the archive that it would be in a repository."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path

from ocibroker.bundle.reading import Reading
from ocibroker.bundle.tree import listed
from ocibroker.errors import IntegrityError
from ocibroker.writing import writing


def pack(folder: Path, name: str, into: Path, reading: Reading, culprit: str) -> Path:
    """Write the chart ``name`` in ``folder`` to the new file ``into`` and return it; equal files give equal bytes.

    A link to a file becomes the file. A ``.helmignore`` plays no part. Raises
    :class:`~ocibroker.errors.IntegrityError` for links to folders and out of ``folder``, and
    :class:`~ocibroker.errors.WriteFailed`.
    """
    files = listed(folder, reading.limits, culprit)
    with (
        writing(into),
        into.open("xb") as file,
        gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for one in files:
            reading.halt.check()
            _add(archive, folder / one, f"{name}/{one}", culprit)
    return into


def _add(archive: tarfile.TarFile, path: Path, name: str, culprit: str) -> None:
    if not path.is_file():
        raise IntegrityError(f"holds {name!r}, a link to a folder or to nothing", culprit=culprit)
    entry = tarfile.TarInfo(name)
    entry.size = path.stat().st_size
    with path.open("rb") as content:
        archive.addfile(entry, content)
