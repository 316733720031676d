"""Options with the references that they hold ready for use: paths made absolute, stores' tables read."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from ocibroker.config.source import Source
from ocibroker.providers import Providers
from ocibroker.reference import SecretRef
from ocibroker.request import Options

O = TypeVar("O", bound=Options)  # noqa: E741  # options


def settled(options: O, place: str, providers: Providers, source: Source) -> O:
    """Return the options that stand at ``place``, with absolute paths and checked references.

    Raises :class:`~ocibroker.errors.ConfigurationError`.
    """
    values = {name: getattr(options, name) for name in options.__struct_fields__}
    changed: dict[str, SecretRef | Path] = {
        name: _reference(value, f"{place}.{name}", providers, source)
        for name, value in values.items()
        if isinstance(value, SecretRef)
    }
    changed |= {name: source.absolute(str(value)) for name, value in values.items() if isinstance(value, Path)}
    return msgspec.structs.replace(options, **changed) if changed else options


def _reference(reference: SecretRef, place: str, providers: Providers, source: Source) -> SecretRef:
    if reference.kept is None:
        return source.secret(reference, place)
    from ocibroker.kept import StoreTable  # here, since few secrets lie in a store
    from ocibroker.stored_secret import StoredSecret

    if not isinstance(table := reference.kept, StoreTable):
        return reference
    within = f"{place}.{table.source_name}"
    with source.at(within):
        store = providers.store(table.source_name)
    options = settled(source.decode(table.values, store.options, within), within, providers, source)
    with source.at(within):
        return type(reference)(kept=StoredSecret.of(store, options, source.environ))
