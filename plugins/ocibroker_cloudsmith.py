"""``cloudsmith``: entitlement tokens and API keys of Cloudsmith.

https://help.cloudsmith.io/docs/docker-registry, https://help.cloudsmith.io/docs/entitlements
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ocibroker.provider import KeptLogin, LoginProvider, Options, Provider, SecretRef, TextRef, providers

TESTED: Final = (
    ("entitlement token", "real: docker-registry, which knows the user by name"),
    ("API key of a user or of a service", "real: docker-registry, which knows the user by name"),
)
"""Each identity source, and what the tests try it against: docs/matrix.md is made of it."""

_ENTITLED: Final = "token"
"""In the place of a user's name: the password is an entitlement token."""


class CloudsmithOptions(Options, frozen=True, kw_only=True):
    """``username`` is whose API key ``token`` is; without one it is an entitlement token."""

    username: TextRef | None = None
    token: SecretRef


def _login(options: CloudsmithOptions) -> KeptLogin:
    return KeptLogin.of(options.username or _ENTITLED, options.token)


@providers
def ocibroker_providers() -> Sequence[Provider[Any]]:
    """Return the one provider."""
    provider: Provider[CloudsmithOptions] = LoginProvider("cloudsmith", CloudsmithOptions, _login)
    return [provider]
