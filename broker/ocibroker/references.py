"""The references to secrets that options hold."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from ocibroker.reference import SecretRef


def references(options: Struct) -> Iterator[SecretRef]:
    """Yield the references that ``options`` hold themselves, in tables too."""
    for value in (getattr(options, name) for name in options.__struct_fields__):
        for one in value.values() if isinstance(value, dict) else (value,):
            if isinstance(one, SecretRef):
                yield one


def all_references(options: Struct) -> Iterator[SecretRef]:
    """Yield the same, and those by which a store is entered."""
    for one in references(options):
        yield one
        if one.kept and one.kept.options is not None:
            yield from all_references(one.kept.options)


def are_local(options: Struct) -> bool:
    """Whether another machine would read something else by any of them."""
    return any(one.kept and one.kept.reach != "global" for one in all_references(options))
