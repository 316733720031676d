"""``quay``: robot accounts, OAuth access tokens and application tokens of Quay.

https://docs.redhat.com/en/documentation/red_hat_quay/3/html/use_red_hat_quay/allow-robot-access-user-repo
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from ocibroker.provider import KeptLogin, LoginProvider, Options, Provider, SecretRef, providers

TESTED: Final = (
    ("robot account", "real: docker-registry, which knows the user by name"),
    ("OAuth access token, application token", "real: docker-registry, which knows the user by name"),
)
"""Each identity source, and what the tests try it against: docs/matrix.md is made of it."""

# Not compiled, since only a rule of this provider needs it.
_ROBOT: Final = r"[a-z0-9]+(?:[._-][a-z0-9]+)*\+[a-z][a-z0-9_-]*"
"""``namespace+name``; a robot's own name begins with a letter."""

_TOKENS: Final = ("$oauthtoken", "$app")
"""In the place of a user's name: what kind of token the password is."""


class QuayOptions(Options, frozen=True, kw_only=True):
    """``username`` is a robot's, ``namespace+name``; or ``$oauthtoken`` or ``$app`` for a token of a user's."""

    username: str
    token: SecretRef

    def __post_init__(self) -> None:
        if self.username not in _TOKENS and not re.fullmatch(_ROBOT, self.username, re.ASCII):
            raise ValueError(f"username is neither a robot, namespace+name, nor one of {', '.join(_TOKENS)}")


def _login(options: QuayOptions) -> KeptLogin:
    return KeptLogin.of(options.username, options.token)


@providers
def ocibroker_providers() -> Sequence[Provider[Any]]:
    """Return the one provider."""
    provider: Provider[QuayOptions] = LoginProvider("quay", QuayOptions, _login)
    return [provider]
