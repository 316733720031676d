"""Our part taken out of a file that somebody else has changed since."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ocibroker.errors import ConfigurationError, InvalidValue
from ocibroker.setup.block import take_block
from ocibroker.setup.members import members_of, take_members
from ocibroker.setup.plan import Kind
from ocibroker.setup.toml_tables import read_toml, take_values
from ocibroker.setup.toml_tables import written as as_file

_READERS: Final[Mapping[str, Callable[[bytes], object]]] = MappingProxyType(
    {
        "json": lambda content: json.loads(content.strip() or b"null"),
        "toml": lambda content: tomllib.loads(content.decode()),
    }
)

MERGED: Final = frozenset[Kind]({"json", "toml"})
"""The kinds in which our part is found by what was written."""

HELPERS: Final = "credHelpers"
"""The one object that is edited in JSON files, Docker's own spelling."""


def reverted(current: bytes, original: bytes | None, written: bytes, kind: Kind) -> bytes | None:
    """Return ``current`` without what made ``written`` of ``original``; none where the two cannot be told apart."""
    try:
        if kind == "json":
            return _json(current.decode(), (original or b"").decode(), written.decode()).encode()
        if kind == "toml":
            return _toml(current, original, written)
        if kind == "block":
            return take_block(current.decode()).encode()
    except (InvalidValue, ConfigurationError, UnicodeDecodeError):
        pass
    return None


def _toml(current: bytes, original: bytes | None, written: bytes) -> bytes:
    now, before, ours = (read_toml(Path(), content) for content in (current, original, written))
    take_values(now, before, ours)
    return as_file(now)


def same(one: bytes, other: bytes, kind: Kind) -> bool:
    """Whether two contents say the same: in what order, and with how many blanks, is their writers' own affair."""
    read = _READERS.get(kind)
    return one == other or (read is not None and read(one) == read(other))


def _json(current: str, original: str, written: str) -> str:
    before, ours = members_of(original, HELPERS), members_of(written, HELPERS) or {}
    changed = {key: value for key, value in ours.items() if (before or {}).get(key) != value}
    return take_members(current, HELPERS, changed, before)
