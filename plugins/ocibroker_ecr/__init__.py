"""``ecr``: Amazon ECR, private and public, by the AWS SDK over the broker's transport.

botocore finds the identity (environment, shared files, SSO, web identity, container, instance) and signs; every
connection is the broker's. Nothing is read from ``os.environ``, and nobody is ever prompted.
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
from ocibroker_ecr.options import EcrOptions
from ocibroker_ecr.registry import Registry, check_region, registry_of

if TYPE_CHECKING:
    from ocibroker.provider import FetchRequest

__all__ = ["EcrOptions", "EcrProvider", "ocibroker_providers"]

TESTED: Final = (
    ("keys in the environment or in shared files", "emulator: ECR"),
    ("profiles, and roles that are assumed", "emulator: moto's STS, ECR"),
    ("web identity: file or secret", "emulator: STS, ECR"),
    ("web identity: GitHub Actions", "emulator: its token service, STS, ECR; real: docker-registry"),
    ("web identity: TokenRequest of Kubernetes", "emulator: API server, STS, ECR"),
    ("web identity: Google's metadata server", "emulator: metadata server, STS, ECR"),
    ("IAM Identity Center", "emulator: SSO, ECR"),
    ("containers and instances", "emulator: their metadata, ECR"),
    ("the caller's own token, from the kubelet", "emulator: STS, ECR"),
)
"""Each identity source, and what the tests try it against: docs/matrix.md is made of it."""


class EcrProvider:
    """Answers for every registry of ECR, and for whatever a rule gives it."""

    name = "ecr"
    options = EcrOptions

    def claim(self, target: Target) -> Claim | None:
        """Claim the hosts of ECR, whole: a port of its own, or plain HTTP, is somebody else's."""
        found = Registry.of(target.registry)
        if found is None or target.scheme != "https":
            return None
        if found.public:
            return Claim(Strength.EXACT, "it is ECR Public")
        return Claim(Strength.PATTERN, f"it is a registry of ECR in {found.region}")

    def identity(self, request: Request[EcrOptions]) -> Identity:
        """Return principal, region and kind of endpoint: one token opens every registry of the region.

        The principal is global where roles are named, since an ARN means the same everywhere.
        """
        # Here, since whoever pulls from another registry should not wait for it.
        from ocibroker_ecr.principal import principal_of, roles_of

        registry = registry_of(request)
        parts, watch = principal_of(request)
        roles = roles_of(request)
        return Identity(
            (registry.service, registry.region, *registry.kinds, *parts, *roles),
            reach="global" if roles else "local",
            watch=watch,
            host_bound=False,
        )

    def fetch(self, request: FetchRequest[EcrOptions]) -> Basic | Anonymous:
        """Find the identity and ask ECR for a token.

        Raises :class:`~ocibroker.errors.CredentialUnavailable` with what was tried, what to do, and AWS's request
        id. Where no identity at all is found, ECR Public is anonymous.
        """
        from ocibroker_ecr.asking import token_for
        from ocibroker_ecr.nobody import nobody
        from ocibroker_ecr.sdk import has_sdk

        registry = registry_of(request)
        check_region(registry, request)
        request.deadline.left()
        if not has_sdk():
            return nobody(registry, request, "the AWS SDK is not installed", "pip install 'ocibroker[ecr]'")
        return token_for(registry, request)


@providers
def ocibroker_providers() -> Sequence[Provider[Any]]:
    """Return the one provider."""
    provider: Provider[EcrOptions] = EcrProvider()
    return [provider]


@secret_sources
def ocibroker_secret_sources() -> Sequence[SecretSource[Any]]:
    """Return the one source of secrets."""
    from ocibroker_ecr.secrets_manager import SecretsManager, SecretsManagerOptions

    source: SecretSource[SecretsManagerOptions] = SecretsManager()
    return [source]
