"""Charts of Helm repositories that speak HTTP."""

from __future__ import annotations

from ocibroker.bundle.bundle import Bundle
from ocibroker.bundle.reading import Reading
from ocibroker.bundle.source import ChartSource
from ocibroker.errors import UsageError


def read_chart(source: ChartSource, reading: Reading) -> Bundle:
    """Read ``source``. Errors are :class:`~ocibroker.errors.OcibrokerError`."""
    reading.halt.check()
    raise UsageError("cannot be read yet", culprit=str(source))
