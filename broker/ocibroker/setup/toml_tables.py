"""A TOML document of somebody else's, edited so that comments and order stay."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ocibroker.errors import ConfigurationError, InvalidValue

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

Table: TypeAlias = MutableMapping[str, Any]


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


def take_values(current: Table, original: Mapping[str, Any], ours: Mapping[str, Any]) -> None:
    """Take what made ``ours`` of ``original`` out of ``current``; a table that is empty then goes as well.

    Raises :class:`~ocibroker.errors.InvalidValue` for a value of ours that somebody else has changed.
    """
    for key, value in ours.items():
        before, found = original.get(key), current.get(key)
        if value == before or found is None:
            continue
        if isinstance(found, dict) and isinstance(value, dict):
            take_values(found, before if isinstance(before, dict) else {}, value)
            if before is None and not found:
                del current[key]
        elif found != value:
            raise InvalidValue(f"holds another {key} than was written")
        elif before is None:
            del current[key]
        else:
            current[key] = before
