"""Trees of git repositories."""

from __future__ import annotations

from ocibroker.bundle.bundle import Bundle
from ocibroker.bundle.reading import Reading
from ocibroker.bundle.source import GitSource
from ocibroker.errors import UsageError


def read_git(source: GitSource, reading: Reading) -> Bundle:
    """Read ``source``. Errors are :class:`~ocibroker.errors.OcibrokerError`."""
    reading.halt.check()
    raise UsageError("cannot be read yet", culprit=str(source))
