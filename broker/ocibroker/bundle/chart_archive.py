"""Helm's chart archives, whoever has sent them."""

from __future__ import annotations

from pathlib import Path

from ocibroker.bundle.reading import Reading
from ocibroker.bundle.unpack import unpack
from ocibroker.errors import IntegrityError

METADATA = "Chart.yaml"
"""What makes a folder a chart."""


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
