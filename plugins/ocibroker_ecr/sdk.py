"""The AWS SDK for one fetch: what it speaks through, and the clients that it makes."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from ocibroker.provider import FetchRequest, OcibrokerError
from ocibroker_ecr.options import EcrOptions
from ocibroker_ecr.registry import Registry
from ocibroker_ecr.session import new_session
from ocibroker_ecr.wire import ContainerWire, MetadataWire, Wire


def has_sdk() -> bool:
    """Whether the AWS SDK is installed."""
    try:
        import botocore.credentials  # noqa: F401
    except ImportError:
        return False
    return True


class Sdk:
    """A session of botocore's own for one fetch, so that two identities in one process share nothing.

    It speaks through the broker: ``wire`` to AWS, ``metadata`` to the instance's, ``container`` to the container's
    credentials. Anything of botocore's may be raised here.
    """

    def __init__(self, request: FetchRequest[EcrOptions], registry: Registry) -> None:
        self._request = request
        self._registry = registry
        self.wire = Wire(request)
        self.metadata, self.container = MetadataWire(request), ContainerWire(request)

    @property
    def failure(self) -> OcibrokerError | None:
        """What went wrong on the wire."""
        return self.wire.failure or self.metadata.failure or self.container.failure

    @cached_property
    def session(self) -> Any:  # noqa: ANN401  # botocore has no types
        """Botocore's session; made when it is first needed, since keys in the environment need none."""
        return new_session(self._request, self.wire)

    def client(self, service: str, config: Any = None, **keys: Any) -> Any:  # noqa: ANN401  # botocore has no types
        """Return a client of the host's region and kind of endpoint."""
        from botocore.config import Config

        kind = Config(use_fips_endpoint=self._registry.fips, use_dualstack_endpoint=self._registry.dual_stack)
        chosen = kind.merge(config) if config else kind
        return self.session.create_client(service, region_name=self._registry.region, config=chosen, **keys)
