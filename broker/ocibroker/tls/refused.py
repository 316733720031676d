"""The error for a file of a host's policy."""

from __future__ import annotations

from pathlib import Path

from ocibroker.errors import TLSConfigurationError


def refused(path: Path, host: str, why: str, hint: str = "") -> TLSConfigurationError:
    """Return the error that names the file, the host that it is for, and why it cannot be used."""
    return TLSConfigurationError(f"{why}; needed for {host}", culprit=str(path), hint=hint)
