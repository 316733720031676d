"""``anonymous``: access without a credential, because a rule says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ocibroker.provider import Anonymous, Identity, Options, Provider, Request, Target, providers

if TYPE_CHECKING:
    from ocibroker.provider import FetchRequest

TESTED: Final = (("none", "real: docker-registry"),)
"""Each identity source, and what the tests try it against: docs/matrix.md is made of it."""


class AnonymousOptions(Options, frozen=True, kw_only=True):
    """There are none."""


class AnonymousProvider:
    """Keeps every other provider away from what a rule gives it."""

    name = "anonymous"
    options = AnonymousOptions

    def claim(self, target: Target) -> None:
        """Claim nothing: going without is a decision, and a rule takes it."""

    def identity(self, request: Request[AnonymousOptions]) -> Identity:
        """Return nobody, who is the same everywhere."""
        return Identity(("nobody",), reach="global")

    def fetch(self, request: FetchRequest[AnonymousOptions]) -> Anonymous:
        """Return anonymous access."""
        return Anonymous("a rule says so")


@providers
def ocibroker_providers() -> Sequence[Provider[Any]]:
    """Return the one provider."""
    provider: Provider[AnonymousOptions] = AnonymousProvider()
    return [provider]
