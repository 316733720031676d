"""The sources of secrets that come with ocibroker: which plugin has them, so that only what is named is asked."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from ocibroker.errors import ConfigurationError
from ocibroker.providers.built_in import BUILT_IN
from ocibroker.secret_source import SecretSource

STORES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "aws_secretsmanager": "ecr",
        "azure_keyvault": "acr",
        "gcp_secretmanager": "gar",
        "github_actions": "oidc",
        "google_identity": "oidc",
        "keyring": "keyring",
        "kubernetes": "kubernetes",
        "kubernetes_token": "oidc",
        "spiffe": "oidc",
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


def add(stores: dict[str, SecretSource[Any]], found: Iterable[SecretSource[Any]]) -> None:
    """Add what a plugin offers; two of one name are a :class:`~ocibroker.errors.ConfigurationError`."""
    for one in found:
        if one.name in stores or one.name in STORES:
            raise ConfigurationError("two plugins offer it", culprit=f"secrets of {one.name}", hint="drop one")
        stores[one.name] = one
