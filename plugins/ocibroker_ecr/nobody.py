"""What there is where no identity was found."""

from __future__ import annotations

from ocibroker.provider import Anonymous, NoIdentity
from ocibroker_ecr.registry import Registry


def nobody(registry: Registry, why: str, hint: str) -> Anonymous:
    """Return anonymous access to ECR Public, which serves everybody.

    Raises :class:`~ocibroker.errors.NoIdentity` for a private registry.
    """
    if registry.public:
        return Anonymous(f"ECR Public serves everybody, and {why} ({hint})")
    raise NoIdentity(why, hint=hint)
