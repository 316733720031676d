"""A registry and a token endpoint as two answers, so that each can live on a host of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.transport.answering_server import Answer

TOKEN = "the-registrys-token"


def asking(
    realm: str, *, token: str = TOKEN, more: str = ',service="registry",scope="repository:app:pull"'
) -> Answer:
    """Answer as a registry that wants ``token`` and names ``realm`` as the place to get it."""

    def answer(request: Request) -> CannedResponse:
        if request.headers.get("authorization") == f"Bearer {token}":
            return CannedResponse(200, {}, b"here")
        return CannedResponse(401, {"WWW-Authenticate": f'Bearer realm="{realm}"{more}'})

    return answer


def issuing(body: Mapping[str, object] | None = None, *, status: int = 200) -> Answer:
    """Answer as a token endpoint that gives ``body`` to everybody."""
    content = json.dumps({"token": TOKEN, "expires_in": 300} if body is None else body).encode()
    return lambda _: CannedResponse(status, {"Content-Type": "application/json"}, content)
