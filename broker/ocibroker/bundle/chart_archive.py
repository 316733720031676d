"""Helm's chart archives, whoever has sent them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ocibroker.bundle.meter import Meter
from ocibroker.bundle.reading import Reading
from ocibroker.bundle.tarball import entries
from ocibroker.bundle.unpack import BROKEN, unpack
from ocibroker.errors import IntegrityError

METADATA: Final = "Chart.yaml"
"""What makes a folder a chart."""
LARGEST: Final = 1024 * 1024
"""Bytes of it, and of each other file by which a chart describes itself."""


def chart_folder(archive: Path, reading: Reading, culprit: str) -> Path:
    """Unpack the chart ``archive`` below ``reading.folder`` and return its folder.

    Raises :class:`~ocibroker.errors.IntegrityError` where it holds anything else than one folder with a
    ``Chart.yaml``, and what :func:`~ocibroker.bundle.unpack.unpack` raises.
    """
    into = reading.folder / "unpacked"
    unpack(archive, "tar.gz", into, reading, culprit)
    found = sorted(into.iterdir())
    if len(found) != 1 or found[0].is_symlink() or not (found[0] / METADATA).is_file():
        raise IntegrityError("is no chart: a chart is one folder with a Chart.yaml", culprit=culprit)
    return found[0]


def metadata_in(archive: Path, reading: Reading, culprit: str) -> bytes:
    """Return the ``Chart.yaml`` in the chart ``archive``, or raise :class:`~ocibroker.errors.IntegrityError`."""
    try:
        with archive.open("rb") as file:
            meter = Meter(reading, archive.stat().st_size, culprit)
            for entry in entries(file, "tar.gz", meter, culprit):
                if entry.parts[1:] == (METADATA,) and entry.content:
                    return entry.content.read(LARGEST)
    except BROKEN:
        pass
    raise IntegrityError("is no archive of a chart", culprit=culprit, hint="remove it, or make it anew")
