"""``hello``: the smallest provider that somebody else could ship. It serves one registry with a token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ocibroker.provider import (
    Bearer,
    Claim,
    FetchRequest,
    Identity,
    Options,
    Provider,
    Request,
    SecretRef,
    Strength,
    Target,
    providers,
)


class HelloOptions(Options, frozen=True, kw_only=True):
    """``token`` is where the token is kept; without a rule it is the variable ``HELLO_TOKEN``."""

    token: SecretRef = SecretRef(env="HELLO_TOKEN")


class HelloProvider:
    """Answers for ``registry.hello.example``, and for whatever a rule gives it."""

    name = "hello"
    options = HelloOptions

    def claim(self, target: Target) -> Claim | None:
        """Claim the one registry that is always ours."""
        if target.host == "registry.hello.example":
            return Claim(Strength.EXACT, "it is Hello's own registry")
        return None

    def identity(self, request: Request[HelloOptions]) -> Identity:
        """Return where the token is kept, and watch that file if it is one."""
        token = request.options.token
        return Identity((str(token),), watch=token.watch)

    def fetch(self, request: FetchRequest[HelloOptions]) -> Bearer:
        """Read the token; raises CredentialUnavailable, naming the place, where there is none."""
        return Bearer(secret=request.secret(request.options.token))


@providers
def ocibroker_providers() -> Sequence[Provider[Any]]:
    """Return the one provider."""
    provider: Provider[HelloOptions] = HelloProvider()
    return [provider]
