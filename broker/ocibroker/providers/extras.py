"""What an extra wants and is not installed, by the metadata of distributions alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ocibroker.hookspecs import PROJECT

_OF_AN_EXTRA: Final = re.compile(
    r"(?P<name>[\w.-]+)\s*(?:\[(?P<more>[^]]*)\])?[^;]*;\s*extra\s*==\s*(['\"])(?P<extra>[\w.-]+)\3\s*", re.ASCII
)
"""What an extra wants everywhere; a requirement with a further marker is left out.

https://packaging.python.org/en/latest/specifications/dependency-specifiers/
"""


def missing(extra: str, distribution: str = PROJECT) -> tuple[str, ...]:
    """Return the distributions that the extra of that name wants and that are not installed, sorted.

    None are missing where there is no such extra, or where the distribution itself has no metadata.
    """
    return tuple(sorted(set(_missing(extra, distribution))))


def _missing(extra: str, distribution: str) -> Iterator[str]:
    for requirement in _requirements(distribution) or ():
        found = _OF_AN_EXTRA.fullmatch(requirement)
        if found is None or found["extra"] != extra:
            continue
        if _requirements(found["name"]) is None:
            yield found["name"]
        for more in filter(None, (found["more"] or "").replace(" ", "").split(",")):
            yield from _missing(more, found["name"])


def _requirements(distribution: str) -> list[str] | None:
    """Return what an installed distribution requires; none where it is not installed."""
    # Slow to import, and only a list of all providers needs it.
    from importlib.metadata import PackageNotFoundError, requires

    try:
        return requires(distribution) or []
    except PackageNotFoundError:
        return None
