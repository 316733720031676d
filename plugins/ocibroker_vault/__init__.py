"""``vault``: secrets of HashiCorp Vault and OpenBao, in a KV engine: as a source of secrets, and as a provider.

hvac makes the requests, and every connection is the broker's. Nothing is read from ``os.environ``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ocibroker.provider import (
    Basic,
    Identity,
    Provider,
    Request,
    Secret,
    SecretSource,
    Target,
    providers,
    secret_sources,
)
from ocibroker_vault.options import VaultOptions, VaultProviderOptions

if TYPE_CHECKING:
    from ocibroker.provider import FetchRequest

__all__ = ["VaultOptions", "VaultProvider", "VaultProviderOptions", "VaultSecrets", "ocibroker_providers"]

TESTED: Final = (("secret in KV: token, AppRole, Kubernetes, JWT or certificate", "emulator: Vault"),)
"""Each identity source, and what the tests try it against: docs/matrix.md is made of it."""


class VaultProvider:
    """Serves whatever a rule gives it: user name and password out of one secret."""

    name = "vault"
    options = VaultProviderOptions

    def claim(self, target: Target) -> None:
        """Claim nothing: which secret is for which registry, only a rule can say."""

    def identity(self, request: Request[VaultProviderOptions]) -> Identity:
        """Return the secret and what is taken from it; it is read anew after ``ttl``."""
        options = request.options
        keys = f"{options.username_key} and {options.password_key}"
        return Identity(
            (options.told, keys, f"by {options.auth} {options.role}".rstrip()),
            watch=options.watch,
            keep=timedelta(seconds=options.ttl),
        )

    def fetch(self, request: FetchRequest[VaultProviderOptions]) -> Basic:
        """Read the secret.

        Raises :class:`~ocibroker.errors.CredentialUnavailable` that says what Vault has refused, or what is missing
        in the secret.
        """
        from ocibroker.provider import secret_under, text_under
        from ocibroker_vault.reading import values_of

        values, options = values_of(request), request.options
        return Basic(
            username=text_under(values, options.username_key), secret=secret_under(values, options.password_key)
        )


class VaultSecrets:
    """Reads one value of a secret: ``{ vault = { … } }``."""

    name = "vault"
    options = VaultOptions

    def place(self, options: VaultOptions) -> str:
        """Return mount, path, server and key."""
        return f"{options.told}, {options.key}"

    def watch(self, options: VaultOptions, environ: Mapping[str, str]) -> tuple[Path, ...]:
        """Return the files that decide who logs in."""
        return options.watch

    def read(self, request: FetchRequest[VaultOptions]) -> Secret:
        """Return the value; errors as the provider's ``fetch``."""
        from ocibroker.provider import secret_under
        from ocibroker_vault.reading import values_of

        return secret_under(values_of(request), request.options.key)


@providers
def ocibroker_providers() -> Sequence[Provider[Any]]:
    """Return the one provider."""
    provider: Provider[VaultProviderOptions] = VaultProvider()
    return [provider]


@secret_sources
def ocibroker_secret_sources() -> Sequence[SecretSource[Any]]:
    """Return the one source of secrets."""
    source: SecretSource[VaultOptions] = VaultSecrets()
    return [source]
