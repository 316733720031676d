"""``dockerhub``: personal and organisation access tokens of Docker Hub.

https://docs.docker.com/security/access-tokens/, https://docs.docker.com/enterprise/security/access-tokens/
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ocibroker.provider import KeptLogin, LoginProvider, Options, Provider, SecretRef, TextRef, providers

TESTED: Final = (
    ("personal access token", "real: docker-registry, which knows the user by name"),
    ("organisation access token", "real: docker-registry, which knows the user by name"),
)
"""Each identity source, and what the tests try it against: docs/matrix.md is made of it."""


class DockerHubOptions(Options, frozen=True, kw_only=True):
    """``username`` for a personal ``token``, or ``organization`` for one of an organisation's."""

    username: TextRef | None = None
    organization: TextRef | None = None
    token: SecretRef

    def __post_init__(self) -> None:
        if (self.username is None) == (self.organization is None):
            raise ValueError("needs exactly one of username and organization")


def _login(options: DockerHubOptions) -> KeptLogin:
    # An organisation's token is used with the organisation's name in the place of a user's.
    user = options.username or options.organization
    if user is None:
        raise ValueError("needs exactly one of username and organization")
    return KeptLogin(user, options.token)


@providers
def ocibroker_providers() -> Sequence[Provider[Any]]:
    """Return the one provider."""
    provider: Provider[DockerHubOptions] = LoginProvider("dockerhub", DockerHubOptions, _login)
    return [provider]
