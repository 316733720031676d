"""``oidc``: an identity token that is there already, exchanged for a registry's credential; no secret is kept.

Where the token comes from and who exchanges it are two choices, each by a table. Whom one asks for a token is a
source of secrets too, for other providers that exchange it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ocibroker.provider import (
    Basic,
    Bearer,
    Identity,
    Provider,
    Request,
    SecretSource,
    Target,
    providers,
    secret_sources,
)
from ocibroker_oidc.options import OidcOptions

if TYPE_CHECKING:
    from ocibroker.provider import FetchRequest

__all__ = ["OidcOptions", "OidcProvider", "ocibroker_providers"]

TESTED: Final = (
    (
        "token in a file: Kubernetes' projected one, or any other",
        "real: files, docker-registry; emulator: each exchange",
    ),
    ("token in a variable: GitLab CI, CircleCI, Bitbucket, …", "real: variables; emulator: Quay's exchange"),
    ("GitHub Actions", "emulator: its token service, three of the exchanges"),
    ("TokenRequest of Kubernetes", "emulator: API server, Quay's exchange"),
    ("Google's metadata server", "emulator: metadata server, Quay's exchange"),
    ("workload of SPIFFE", "emulator: its agent, by gRPC; STS and ECR"),
    ("the caller's own token, from the kubelet", "emulator: Quay's exchange"),
)
"""Each identity source, and what the tests try it against: docs/matrix.md is made of it."""


class OidcProvider:
    """Serves whatever a rule gives it; claims nothing by itself."""

    name = "oidc"
    options = OidcOptions

    def claim(self, target: Target) -> None:
        """Claim nothing: who is trusted with an identity token, only a rule can say."""

    def identity(self, request: Request[OidcOptions]) -> Identity:
        """Return where the token comes from, and whom it is exchanged with for what.

        A caller's own token means the same on every machine; what a machine keeps does not.
        """
        from ocibroker_oidc.principal import principal_of  # here, as below: most have no such rule

        parts, watch = principal_of(request)
        brought = request.caller is not None and request.caller.token is not None
        everywhere = brought and request.options.client_secret is None
        return Identity(parts, reach="global" if everywhere else "local", watch=watch)

    def fetch(self, request: FetchRequest[OidcOptions]) -> Basic | Bearer:
        """Get the identity token, and exchange it.

        Raises :class:`~ocibroker.errors.NoIdentity` where there is no token, and other
        :class:`~ocibroker.errors.CredentialUnavailable`, with the code that the service gives. Neither a token nor
        anything else of an answer is shown.
        """
        from ocibroker_oidc.asking import Asking
        from ocibroker_oidc.exchanges import EXCHANGES
        from ocibroker_oidc.sources import source_of

        asking = Asking(request)
        exchange = EXCHANGES[request.options.exchange]
        return exchange.trade(asking, source_of(request).token(asking))


@providers
def ocibroker_providers() -> Sequence[Provider[Any]]:
    """Return the one provider."""
    provider: Provider[OidcOptions] = OidcProvider()
    return [provider]


@secret_sources
def ocibroker_secret_sources() -> Sequence[SecretSource[Any]]:
    """Return the sources of identity tokens, for whatever exchanges them."""
    from ocibroker_oidc.github_actions import GitHubActions
    from ocibroker_oidc.google import GoogleIdentity
    from ocibroker_oidc.kubernetes import KubernetesToken
    from ocibroker_oidc.spiffe import Spiffe

    return [GitHubActions(), KubernetesToken(), GoogleIdentity(), Spiffe()]
