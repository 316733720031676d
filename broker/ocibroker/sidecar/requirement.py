"""What the sidecar needs beside the core."""

from __future__ import annotations

import importlib.util
from typing import Final

from ocibroker.errors import UsageError

_WANTED: Final = ("uvicorn", "httptools", "prometheus_client")


def require() -> None:
    """Raise :class:`~ocibroker.errors.UsageError` with the command that brings what is not installed."""
    for name in _WANTED:
        if importlib.util.find_spec(name) is None:
            raise UsageError("is not installed", culprit=name, hint="pip install 'ocibroker[sidecar]'")
