"""Options with the references that they hold ready for use: paths made absolute, stores' tables read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

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
    changed = {
        name: _settled(getattr(options, name), f"{place}.{name}", providers, source)
        for name in options.__struct_fields__
    }
    return msgspec.structs.replace(options, **changed)


def _settled(value: Any, place: str, providers: Providers, source: Source) -> Any:  # noqa: ANN401  # a schema's
    """Return ``value`` with its paths and references ready for use, in tables too."""
    match value:
        case SecretRef():
            return _reference(value, place, providers, source)
        case Path():
            return source.absolute(str(value))
        case dict():
            return {key: _settled(one, f"{place}.{key}", providers, source) for key, one in value.items()}
    return value


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
