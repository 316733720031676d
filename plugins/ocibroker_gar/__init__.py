"""``gar``: Google Artifact Registry and gcr.io, by Application Default Credentials over the broker's transport.

google-auth signs; every connection is the broker's. Nothing is read from ``os.environ``, and nobody is ever
prompted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ocibroker.provider import (
    Anonymous,
    Basic,
    Claim,
    Identity,
    Provider,
    Request,
    SecretSource,
    Strength,
    Target,
    providers,
    secret_sources,
)
from ocibroker_gar.options import GarOptions
from ocibroker_gar.registry import NAMED, check_universe, universe_of, universe_of_host

if TYPE_CHECKING:
    from ocibroker.provider import FetchRequest

__all__ = ["GarOptions", "GarProvider", "ocibroker_providers"]

TESTED: Final = (
    ("key of a service account", "emulator: Google's token endpoint"),
    ("gcloud's login", "emulator: Google's token endpoint"),
    ("workload identity federation: file, URL, AWS or secret", "emulator: STS"),
    (
        "workload identity federation: GitHub Actions",
        "emulator: its token service, STS, IAM Credentials; real: docker-registry",
    ),
    ("workload identity federation: TokenRequest of Kubernetes", "emulator: API server, STS"),
    ("workload identity federation: Google's metadata server", "emulator: metadata server, STS"),
    ("impersonation", "emulator: IAM Credentials"),
    ("metadata server", "emulator: metadata server"),
    ("the caller's own token, from the kubelet", "emulator: STS"),
)
"""Each identity source, and what the tests try it against: docs/matrix.md is made of it."""


class GarProvider:
    """Answers for every registry of Google's, and for whatever a rule gives it."""

    name = "gar"
    options = GarOptions

    def claim(self, target: Target) -> Claim | None:
        """Claim the hosts of Google's registries, whole: a port of its own, or plain HTTP, is somebody else's."""
        if not universe_of_host(target.registry) or target.scheme != "https":
            return None
        strength = Strength.EXACT if target.registry in NAMED else Strength.PATTERN
        return Claim(strength, "it is a registry of Google Cloud")

    def identity(self, request: Request[GarOptions]) -> Identity:
        """Return the universe and the principal: one token opens every registry of the universe.

        The principal is global where service accounts are named, or the caller's own token is exchanged, since
        these mean the same everywhere.
        """
        # Here, since whoever pulls from another registry should not wait for it.
        from ocibroker_gar.principal import accounts_of, principal_of

        parts, watch = principal_of(request)
        accounts = accounts_of(request)
        brought = request.caller is not None and request.caller.token is not None
        return Identity(
            (universe_of(request), *parts, *(f"as {account}" for account in accounts)),
            reach="global" if accounts or brought else "local",
            watch=watch,
            host_bound=False,
        )

    def fetch(self, request: FetchRequest[GarOptions]) -> Basic | Anonymous:
        """Find the identity and get an access token for it.

        Raises :class:`~ocibroker.errors.CredentialUnavailable` with what was tried, what to do, and the request's
        id where Google gives one. Where no identity at all is found, the hosts of Google are anonymous: they serve
        the public too.
        """
        from ocibroker_gar.credential import credential_for

        check_universe(request)
        request.deadline.left()
        return credential_for(request)


@providers
def ocibroker_providers() -> Sequence[Provider[Any]]:
    """Return the one provider."""
    provider: Provider[GarOptions] = GarProvider()
    return [provider]


@secret_sources
def ocibroker_secret_sources() -> Sequence[SecretSource[Any]]:
    """Return the one source of secrets."""
    from ocibroker_gar.secret_manager import SecretManager, SecretManagerOptions

    source: SecretSource[SecretManagerOptions] = SecretManager()
    return [source]
