"""``basic``: a user name and a password, the password from a file, a variable or a program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ocibroker.provider import KeptLogin, LoginProvider, Options, Provider, SecretRef, TextRef, providers

TESTED: Final = (
    ("user name and password: file, variable, program or text", "real: docker-registry"),
    ("password in Vault", "emulator: Vault; real: docker-registry"),
    ("password in the operating system's keyring", "real: GNOME Keyring, docker-registry"),
    ("password in AWS Secrets Manager", "emulator: moto's Secrets Manager"),
    ("password in Google Secret Manager", "emulator: Secret Manager"),
    ("password in Azure Key Vault", "emulator: Entra ID, Key Vault"),
    ("password in a Secret at the API server", "emulator: API server"),
    (
        "identity token as password: GitHub Actions, TokenRequest, Google's metadata server",
        "emulator: its token service; API server; metadata server",
    ),
)
"""Each identity source, and what the tests try it against: docs/matrix.md is made of it."""


class BasicOptions(Options, frozen=True, kw_only=True):
    """``username`` and ``password``, each as text or as a reference to where it is kept.

    Kubernetes mounts both as files.
    """

    username: TextRef
    password: SecretRef


def _login(options: BasicOptions) -> KeptLogin:
    return KeptLogin(options.username, options.password)


@providers
def ocibroker_providers() -> Sequence[Provider[Any]]:
    """Return the one provider, which claims nothing by itself."""
    provider: Provider[BasicOptions] = LoginProvider("basic", BasicOptions, _login)
    return [provider]
