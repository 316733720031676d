"""Who gives a credential for an identity token. Another one is a function in a module, and an entry here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from ocibroker_oidc import artifactory, chainguard, cloudsmith, dockerhub, quay, rfc8693
from ocibroker_oidc.exchange import Exchange

if TYPE_CHECKING:
    from ocibroker_oidc.options import ExchangeName, OidcOptions

EXCHANGES: Final[Mapping[ExchangeName, Exchange]] = MappingProxyType(
    {
        "rfc8693": Exchange(trade=rfc8693.trade, must=("url",), takes=None),
        "quay": Exchange(trade=quay.trade, must=("username",)),
        "dockerhub": Exchange(
            trade=dockerhub.trade,
            must=("username",),
            needs=frozenset({"connection_id"}),
            takes=frozenset({"expires_in"}),
            audience="https://identity.docker.com",
        ),
        "artifactory": Exchange(
            trade=artifactory.trade, needs=frozenset({"provider_name"}), takes=frozenset({"project_key"})
        ),
        "chainguard": Exchange(
            trade=chainguard.trade, needs=frozenset({"identity"}), audience="https://issuer.enforce.dev"
        ),
        "cloudsmith": Exchange(trade=cloudsmith.trade, needs=frozenset({"organization", "service_slug"})),
    }
)


def audience_of(options: OidcOptions) -> str:
    """Return whom an identity token is for: whom the rule says, else the exchange; empty where neither does."""
    return options.audience or EXCHANGES[options.exchange].audience
