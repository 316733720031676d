"""Names of a module that are imported from elsewhere when they are first used (PEP 562)."""

import importlib
from collections.abc import Mapping, MutableMapping


def resolve(names: MutableMapping[str, object], homes: Mapping[str, str], name: str) -> object:
    """Return ``name`` from its home, and keep it among the ``names`` of the module that asks.

    ``homes`` maps each to the module that defines it, below the package that the asking one is or lies in. Raises
    ``AttributeError`` for another.
    """
    if (home := homes.get(name)) is None:
        raise AttributeError(f"module {names['__name__']!r} has no attribute {name!r}")
    value = names[name] = getattr(importlib.import_module(f"{names['__package__']}.{home}"), name)
    return value
