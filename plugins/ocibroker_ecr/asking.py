"""One fetch: an identity is found, and ECR is asked for a token."""

from __future__ import annotations

from typing import Any, Final

from ocibroker.provider import Anonymous, Basic, FetchRequest, quietly
from ocibroker_ecr.authorization import token_in
from ocibroker_ecr.endpoint import endpoint_of
from ocibroker_ecr.keys import Keys
from ocibroker_ecr.nobody import nobody
from ocibroker_ecr.options import EcrOptions
from ocibroker_ecr.registry import APIS, Registry
from ocibroker_ecr.sdk import Sdk
from ocibroker_ecr.session import PACKAGE
from ocibroker_ecr.way import Way
from ocibroker_ecr.wire import Answer, Wire

_OPERATION: Final = "GetAuthorizationToken"


def token_for(registry: Registry, request: FetchRequest[EcrOptions]) -> Basic | Anonymous:
    """Find an identity and ask ECR for a token; nothing of it is logged.

    Raises :class:`~ocibroker.errors.CredentialUnavailable`, and what a connection raises.
    """
    return quietly(lambda: _token_for(registry, request), PACKAGE)


def _token_for(registry: Registry, request: FetchRequest[EcrOptions]) -> Basic | Anonymous:
    sdk = Sdk(request, registry)
    way = Way(sdk, request.clock)
    keys = way.step("finding an identity", Keys(sdk, request, way).find)
    if keys is None:
        hint = "set AWS_PROFILE, run `aws sso login`, or set profile or role_arn in a rule; see docs/ecr.md"
        return nobody(registry, request, f"no AWS identity was found; tried {way}", hint)
    answer = way.step(_OPERATION, lambda: ask(registry, endpoint_of(registry, request), keys, sdk.wire))
    if answer.status != 200:
        raise way.refused_by(_OPERATION, answer)
    return token_in(answer, request.clock.now())


def ask(registry: Registry, url: str, keys: Any, wire: Wire, body: bytes = b"{}") -> Answer:  # noqa: ANN401  # botocore has no types
    """Return the service's answer to one signed request.

    Not by a client of botocore's: to read the whole service's model takes as long as all the rest.
    """
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest

    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": APIS[registry.service][1]}
    signed = AWSRequest("POST", url, data=body, headers=headers)
    SigV4Auth(keys, registry.service, registry.region).add_auth(signed)
    return wire.exchange("POST", url, [*signed.headers.items()], body)
