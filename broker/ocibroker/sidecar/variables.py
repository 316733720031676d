"""Variables of the environment that the configuration reads secrets from."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from ocibroker.config import find

_EVERYBODYS: Final = frozenset({"PATH", "HOME", "USER", "LOGNAME", "LANG", "TMPDIR", "XDG_RUNTIME_DIR"})
"""A user name may come from one of these, and programs need them."""


def secret_variables(path: Path | None, environ: Mapping[str, str]) -> frozenset[str]:
    """Return the names in every ``{ env = "NAME" }`` of the configuration, before any plugin is imported.

    Of a file that cannot be read there are none: who loads it says what is wrong.
    """
    place = path or find(environ)
    try:
        document: object = tomllib.loads(place.read_text()) if place else {}
    except (OSError, ValueError, RecursionError):
        return frozenset()
    return frozenset(_named(document)) - _EVERYBODYS


def _named(value: object) -> Iterator[str]:
    match value:
        case {"env": str(name), **rest} if not rest:
            yield name
        case dict():
            for part in value.values():
                yield from _named(part)
        case list():
            for part in value:
                yield from _named(part)
