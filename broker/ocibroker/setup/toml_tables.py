"""A TOML document of somebody else's, edited so that comments and order stay."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ocibroker.errors import ConfigurationError

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def read_toml(path: Path, content: bytes | None) -> TOMLDocument:
    """Return the document; raises :class:`~ocibroker.errors.ConfigurationError` for one that is broken."""
    import tomlkit  # here: `setup` alone needs it
    from tomlkit.exceptions import TOMLKitError

    try:
        return tomlkit.parse((content or b"").decode())
    except (TOMLKitError, UnicodeDecodeError):
        pass
    raise ConfigurationError("is not TOML", culprit=str(path), hint="correct it, or move it away")


def written(document: TOMLDocument) -> bytes:
    """Return the document as a file holds it."""
    return document.as_string().encode()
