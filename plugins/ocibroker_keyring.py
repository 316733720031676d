"""``keyring``: what is kept in the operating system's keyring, as a source of secrets and as a provider.

The library ``keyring`` chooses the backend, by its own rules. ``ocibroker login`` needs none of this: its logins
are found by ``docker-config``.
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
    SecretOptions,
    SecretSource,
    Target,
    providers,
    secret_sources,
)

if TYPE_CHECKING:
    from ocibroker.provider import FetchRequest

TESTED: Final = (("the operating system's keyring", "emulator: a backend in its place"),)
"""Each identity source, and what the tests try it against: docs/matrix.md is made of it."""


class KeyringOptions(SecretOptions, frozen=True, kw_only=True):
    """``service`` and ``username`` are what the secret was stored under."""

    service: str
    username: str

    def __post_init__(self) -> None:
        for name in ("service", "username"):
            if not getattr(self, name):
                raise ValueError(f"{name} is empty")

    @property
    def told(self) -> str:
        """Where the secret lies, for people."""
        return f"{self.username} at {self.service}"


class KeyringProvider:
    """Serves whatever a rule gives it: the user's password in the keyring."""

    name = "keyring"
    options = KeyringOptions

    def claim(self, target: Target) -> None:
        """Claim nothing: which entry is for which registry, only a rule can say."""

    def identity(self, request: Request[KeyringOptions]) -> Identity:
        """Return the entry; it is read anew after ``ttl``."""
        options = request.options
        return Identity((options.told,), keep=timedelta(seconds=options.ttl))

    def fetch(self, request: FetchRequest[KeyringOptions]) -> Basic:
        """Read the entry.

        Raises :class:`~ocibroker.errors.CredentialUnavailable` where there is no keyring, it is locked, or it has
        no such entry.
        """
        return Basic(username=request.options.username, secret=_read(request))


class KeyringSecrets:
    """Reads an entry: ``{ keyring = { service = …, username = … } }``."""

    name = "keyring"
    options = KeyringOptions

    def place(self, options: KeyringOptions) -> str:
        """Return user name and service."""
        return options.told

    def watch(self, options: KeyringOptions, environ: Mapping[str, str]) -> tuple[Path, ...]:
        """Watch nothing: a keyring is no file."""
        return ()

    def read(self, request: FetchRequest[KeyringOptions]) -> Secret:
        """Return the password; errors as the provider's ``fetch``."""
        return _read(request)


def _read(request: FetchRequest[KeyringOptions]) -> Secret:
    from ocibroker.provider import keyring_password

    request.deadline.left()
    return keyring_password(request.options.service, request.options.username)


@providers
def ocibroker_providers() -> Sequence[Provider[Any]]:
    """Return the one provider."""
    provider: Provider[KeyringOptions] = KeyringProvider()
    return [provider]


@secret_sources
def ocibroker_secret_sources() -> Sequence[SecretSource[Any]]:
    """Return the one source of secrets."""
    source: SecretSource[KeyringOptions] = KeyringSecrets()
    return [source]
