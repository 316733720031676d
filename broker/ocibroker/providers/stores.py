"""The sources of secrets that come with ocibroker: which plugin has them, so that only what is named is asked."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from ocibroker.errors import ConfigurationError
from ocibroker.providers.built_in import BUILT_IN
from ocibroker.reference import STORE
from ocibroker.request import Options
from ocibroker.secret_source import SecretSource

STORES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "aws_secretsmanager": "ecr",
        "azure_keyvault": "acr",
        "gcp_secretmanager": "gar",
        "keyring": "keyring",
        "kubernetes": "kubernetes",
        "vault": "vault",
    }
)
"""Name in a reference to name of the plugin. A test keeps it equal to what the plugins offer."""


def store(name: str, others: Mapping[str, SecretSource[Any]]) -> SecretSource[Any]:
    """Return the source of that name: one of ``others``, which plugins have offered, or one of our own.

    Raises :class:`~ocibroker.errors.ConfigurationError` that says what to do.
    """
    if name in others:
        return others[name]
    if name not in STORES:
        hint = f"choose from {', '.join(sorted({*STORES, *others}))}, or name its plugin in [plugins] enable"
        raise ConfigurationError("is no source of secrets", hint=hint)
    offered: list[SecretSource[Any]] = importlib.import_module(BUILT_IN[STORES[name]]).ocibroker_secret_sources()
    return next(one for one in offered if one.name == name)


def add(stores: dict[str, SecretSource[Any]], found: list[SecretSource[Any]]) -> None:
    """Add what a plugin offers; two of one name are a :class:`~ocibroker.errors.ConfigurationError`."""
    for one in found:
        if one.name in stores or one.name in STORES:
            raise ConfigurationError("two plugins offer it", culprit=f"secrets of {one.name}", hint="drop one")
        stores[one.name] = one


def flaw(source: Any) -> str:  # noqa: ANN401  # whatever a plugin offers
    """Return what is wrong with what a plugin offers as a source; nothing where it is one."""
    for part in ("name", "options", "place", "watch", "read"):
        if not hasattr(source, part):
            return f"without {part}"
    for method in ("place", "watch", "read"):
        if not callable(getattr(source, method)):
            return f"whose {method} is no method"
    if not (isinstance(source.name, str) and re.fullmatch(STORE, source.name, re.ASCII)):
        return "with a bad name"
    if not (isinstance(source.options, type) and issubclass(source.options, Options)):
        return "whose options are no Options"
    return "" if "ttl" in source.options.__struct_fields__ else "whose options have no ttl"
