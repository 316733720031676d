"""What there is where no identity was found."""

from __future__ import annotations

from ocibroker.provider import Anonymous, CredentialUnavailable, FetchRequest, NoIdentity
from ocibroker_ecr.options import EcrOptions
from ocibroker_ecr.principal import is_declared
from ocibroker_ecr.registry import Registry


def nobody(registry: Registry, request: FetchRequest[EcrOptions], why: str, hint: str) -> Anonymous:
    """Return anonymous access to ECR Public, which serves everybody.

    Raises :class:`~ocibroker.errors.NoIdentity` for a private registry, and
    :class:`~ocibroker.errors.CredentialUnavailable` where somebody has said whose identity it shall be: then nobody
    else's may take its place.
    """
    if is_declared(request):
        raise CredentialUnavailable(why, hint=hint)
    if registry.public:
        return Anonymous(f"ECR Public serves everybody, and {why} ({hint})")
    raise NoIdentity(why, hint=hint)
