"""Archives and files by HTTP."""

from __future__ import annotations

from ocibroker.bundle.bundle import Bundle
from ocibroker.bundle.reading import Reading
from ocibroker.bundle.source import ArchiveSource
from ocibroker.errors import UsageError


def read_archive(source: ArchiveSource, reading: Reading) -> Bundle:
    """Read ``source``. Errors are :class:`~ocibroker.errors.OcibrokerError`."""
    reading.halt.check()
    raise UsageError("cannot be read yet", culprit=str(source))
