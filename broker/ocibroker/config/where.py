"""Where the configuration is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ocibroker.folders import settings

NAME: Final = "OCIBROKER_CONFIG"

_SYSTEM: Final = Path("/etc/ocibroker/config.toml")


def find(environ: Mapping[str, str], *, system: Path = _SYSTEM) -> Path | None:
    """Return the file to read: ``OCIBROKER_CONFIG``, else the user's, else the system's; none is fine.

    What ``OCIBROKER_CONFIG`` names is returned whether it exists or not, so that a wrong path is an error.
    """
    if named := environ.get(NAME):
        return Path(named)
    return next((path for path in (users(environ), system) if _is_file(path)), None)


def users(environ: Mapping[str, str]) -> Path:
    """Return the user's file, whether it exists or not."""
    return settings(environ) / "config.toml"


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a home that may not be entered, as of a container's other user, holds no settings of this one
        return False
