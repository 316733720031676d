"""Where a user's files are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def home(environ: Mapping[str, str]) -> Path:
    """Return the user's home, by the environment that was passed in."""
    return Path(environ.get("HOME") or environ.get("USERPROFILE") or "/")


def settings(environ: Mapping[str, str]) -> Path:
    """Return the folder of a user's settings: ``ocibroker`` in ``$XDG_CONFIG_HOME`` or ``~/.config``."""
    folder = environ.get("XDG_CONFIG_HOME")
    return (Path(folder) if folder else home(environ) / ".config") / "ocibroker"


def state(environ: Mapping[str, str]) -> Path:
    """Return the folder of what is kept for a user between runs: ``ocibroker`` in ``$XDG_STATE_HOME``."""
    folder = environ.get("XDG_STATE_HOME")
    return (Path(folder) if folder else home(environ) / ".local" / "state") / "ocibroker"
