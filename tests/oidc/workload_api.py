"""An agent of SPIFFE's: the Workload API, by gRPC on a Unix socket, as far as JWT-SVIDs need it.

https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE_Workload_API.md
https://github.com/spiffe/spiffe/blob/main/standards/JWT-SVID.md
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
from spiffe._proto import workload_pb2 as messages

from tests.oidc.identity_provider import IdentityProvider
from tests.oidc.world import BODY

WORKLOAD, OTHER = "spiffe://example.org/ci/puller", "spiffe://example.org/ci/pusher"
LIFE = timedelta(minutes=5)


@dataclass
class Agent:
    """``entitled`` are the workload's identities, ``asked`` who was wanted for whom.

    Unless they are ``dated``, tokens say only when they end. ``failing`` is answered instead.
    """

    issuer: IdentityProvider
    socket: Path
    entitled: tuple[str, ...] = (WORKLOAD, OTHER)
    life: timedelta = LIFE
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    dated: bool = True
    failing: grpc.StatusCode | None = None

    def fetch_jwt_svid(self, request: Any, context: Any) -> Any:  # noqa: ANN401  # gRPC's have no types
        self.asked.append((request.spiffe_id, tuple(request.audience)))
        if ("workload.spiffe.io", "true") not in context.invocation_metadata():
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, BODY)
        if self.failing is not None:
            context.abort(self.failing, BODY)
        if not request.audience:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, BODY)
        wanted = [one for one in self.entitled if request.spiffe_id in {"", one}]
        if not wanted:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, BODY)
        (audience,) = request.audience
        signed = [(one, self.issuer.token(one, audience, self.life, dated=self.dated)) for one in wanted]
        return messages.JWTSVIDResponse(svids=[messages.JWTSVID(spiffe_id=one, svid=svid) for one, svid in signed])


@contextmanager
def serving(agent: Agent) -> Iterator[Agent]:
    """Serve until the block ends."""
    server = grpc.server(ThreadPoolExecutor(2))
    method = grpc.unary_unary_rpc_method_handler(
        agent.fetch_jwt_svid,
        request_deserializer=messages.JWTSVIDRequest.FromString,
        response_serializer=messages.JWTSVIDResponse.SerializeToString,
    )
    handlers = grpc.method_handlers_generic_handler("SpiffeWorkloadAPI", {"FetchJWTSVID": method})
    server.add_generic_rpc_handlers((handlers,))
    server.add_insecure_port(f"unix:{agent.socket}")
    server.start()
    try:
        yield agent
    finally:
        server.stop(None).wait()
