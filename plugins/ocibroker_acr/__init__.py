"""``acr``: Azure Container Registry, by the identities of Entra ID over the broker's transport.

azure-identity signs applications in; managed identities and the Azure CLI are asked directly. Every connection is
the broker's. Nothing is read from ``os.environ``, and nobody is ever prompted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
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
from ocibroker_acr.options import AcrOptions
from ocibroker_acr.registry import PUBLIC, suffix_of

if TYPE_CHECKING:
    from ocibroker.provider import FetchRequest

__all__ = ["AcrOptions", "AcrProvider", "ocibroker_providers"]

TESTED: Final = (
    ("client secret or certificate of an application", "emulator: Entra ID, ACR"),
    ("workload identity", "emulator: Entra ID, ACR"),
    ("federated token: GitHub Actions", "emulator: its token service, Entra ID, ACR; real: docker-registry"),
    ("federated token: TokenRequest of Kubernetes", "emulator: API server, Entra ID, ACR"),
    ("federated token: Google's metadata server", "emulator: metadata server, Entra ID, ACR"),
    ("managed identity: virtual machine, App Service, Arc", "emulator: its metadata, ACR"),
    ("Azure CLI", "emulator: a program in place of az, ACR"),
    ("the caller's own token, from the kubelet", "emulator: Entra ID, ACR"),
)
"""Each identity source, and what the tests try it against: docs/matrix.md is made of it."""


@dataclass(frozen=True, slots=True)
class AcrProvider:
    """Answers for every registry of Azure's, and for whatever a rule gives it.

    ``arc_tokens`` is where the agent of Azure Arc puts the files by which it knows who asks.
    """

    name = "acr"
    options = AcrOptions
    arc_tokens: Path = Path("/var/opt/azcmagent/tokens")

    def claim(self, target: Target) -> Claim | None:
        """Claim the hosts of Azure's registries, whole: a port of its own, or plain HTTP, is somebody else's."""
        if target.scheme != "https":
            return None
        if target.registry == PUBLIC:
            return Claim(Strength.EXACT, "it is Microsoft's public registry")
        suffix = suffix_of(target.registry)
        return Claim(Strength.PATTERN, f"it is a registry below {suffix}") if suffix else None

    def identity(self, request: Request[AcrOptions]) -> Identity:
        """Return who asks, of which cloud, and for which audience; a token opens one registry only.

        It is global where tenant and application are named, since their ids mean the same everywhere.
        """
        if request.target.registry == PUBLIC:
            return Identity(("everybody",), reach="global")
        # Here, since whoever pulls from another registry should not wait for it.
        from ocibroker_acr.places import Application, places_of

        places = places_of(request)
        first = places[0] if places else None
        named = isinstance(first, Application) and first.tenant and first.client
        authority = request.options.authority_host or request.environ.get("AZURE_AUTHORITY_HOST", "")
        bounds = (f"authority {authority}" if authority else "", f"audience {request.options.audience}")
        return Identity(
            (*filter(None, bounds), *(part for place in places for part in place.parts)),
            reach="global" if named else "local",
            watch=tuple(path for place in places for path in place.watch),
        )

    def fetch(self, request: FetchRequest[AcrOptions]) -> Basic | Anonymous:
        """Find the identity, sign it in, and exchange its token at the registry.

        Raises :class:`~ocibroker.errors.CredentialUnavailable` with what was tried, what to do, and the id of the
        request.
        """
        if request.target.registry == PUBLIC:
            return Anonymous("Microsoft's public registry serves everybody, and knows nobody")
        from ocibroker_acr.asking import token_for
        from ocibroker_acr.entra import need_sdk

        request.deadline.left()
        need_sdk(request)
        return token_for(request, self.arc_tokens)


@providers
def ocibroker_providers() -> Sequence[Provider[Any]]:
    """Return the one provider."""
    provider: Provider[AcrOptions] = AcrProvider()
    return [provider]


@secret_sources
def ocibroker_secret_sources() -> Sequence[SecretSource[Any]]:
    """Return the one source of secrets."""
    from ocibroker_acr.key_vault import KeyVault
    from ocibroker_acr.vault_options import KeyVaultOptions

    source: SecretSource[KeyVaultOptions] = KeyVault()
    return [source]
