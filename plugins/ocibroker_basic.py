"""``basic``: a user name and a password, the password from a file, a variable or a program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ocibroker.provider import (
    Basic,
    Identity,
    Options,
    Provider,
    Request,
    SecretRef,
    Target,
    TextRef,
    providers,
)

if TYPE_CHECKING:
    from ocibroker.provider import FetchRequest

TESTED: Final = (
    ("user name and password: file, variable, program or text", "real: docker-registry"),
    ("password in Vault", "emulator: Vault; real: docker-registry"),
    ("password in the operating system's keyring", "real: GNOME Keyring, docker-registry"),
    ("password in AWS Secrets Manager", "emulator: moto's Secrets Manager"),
    ("password in Google Secret Manager", "emulator: Secret Manager"),
    ("password in Azure Key Vault", "emulator: Entra ID, Key Vault"),
    ("password in a Secret at the API server", "emulator: API server"),
)
"""Each identity source, and what the tests try it against: docs/matrix.md is made of it."""


class BasicOptions(Options, frozen=True, kw_only=True):
    """``username`` and ``password``, each as text or as a reference to where it is kept.

    Kubernetes mounts both as files.
    """

    username: TextRef
    password: SecretRef


class BasicProvider:
    """Serves whatever a rule gives it; claims nothing by itself."""

    name = "basic"
    options = BasicOptions

    def claim(self, target: Target) -> None:
        """Claim nothing: whose password it is, only a rule can say."""

    def identity(self, request: Request[BasicOptions]) -> Identity:
        """Return the user, or where the name is kept, and where the password is; watch their files."""
        user, password = request.options.username, request.options.password
        name = user.literal.reveal() if user.literal else str(user)
        return Identity((f"user {name}", f"password from {password}"), watch=(*user.watch, *password.watch))

    def fetch(self, request: FetchRequest[BasicOptions]) -> Basic:
        """Read user name and password.

        Raises :class:`~ocibroker.errors.CredentialUnavailable` that names the place that failed.
        """
        username = request.secret(request.options.username).reveal()
        return Basic(username=username, secret=request.secret(request.options.password))


@providers
def ocibroker_providers() -> Sequence[Provider[Any]]:
    """Return the one provider."""
    provider: Provider[BasicOptions] = BasicProvider()
    return [provider]
