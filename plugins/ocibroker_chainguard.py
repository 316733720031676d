"""``chainguard``: pull tokens of Chainguard's registry.

https://edu.chainguard.dev/chainguard/chainguard-registry/authenticating/
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from ocibroker.provider import KeptLogin, LoginProvider, Options, Provider, SecretRef, providers

TESTED: Final = (("pull token", "real: docker-registry, which knows the user by name"),)
"""Each identity source, and what the tests try it against: docs/matrix.md is made of it."""

# Not compiled, since only a rule of this provider needs it.
_IDENTITY: Final = r"[0-9a-f]{40}(?:/[0-9a-f]{16})+"
"""The identity that a pull token was made for: below the organisation's id its own."""


class ChainguardOptions(Options, frozen=True, kw_only=True):
    """``identity`` and ``token`` are the user name and the password that ``chainctl`` says for a pull token."""

    identity: str
    token: SecretRef

    def __post_init__(self) -> None:
        if not re.fullmatch(_IDENTITY, self.identity, re.ASCII):
            raise ValueError("identity is no organisation's id with an identity's below it, joined by a slash")


def _login(options: ChainguardOptions) -> KeptLogin:
    return KeptLogin.of(options.identity, options.token)


@providers
def ocibroker_providers() -> Sequence[Provider[Any]]:
    """Return the one provider."""
    provider: Provider[ChainguardOptions] = LoginProvider("chainguard", ChainguardOptions, _login)
    return [provider]
