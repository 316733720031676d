"""DigitalOcean's API, as far as the credentials of its container registry need it.

https://github.com/digitalocean/openapi/tree/main/specification/resources/registry
https://docs.digitalocean.com/reference/api/reference/container-registries/
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.vendors.refusal import BODY, Refusal

HOST, API = "registry.digitalocean.com", "api.digitalocean.com"
_PATH = re.compile(r"/v2/(?:registry|registries/(?P<name>[^/]+))/docker-credentials")


@dataclass(frozen=True)
class Made:
    """A credential; ``registry`` is empty for a team's only one."""

    registry: str
    writes: bool
    ends: datetime | None


@dataclass
class DigitalOcean:
    """``tokens`` are the team's, with their scopes, and ``registries`` its registries."""

    tokens: Mapping[str, frozenset[str]]
    registries: frozenset[str] = frozenset({"acme"})
    made: dict[str, Made] = field(default_factory=dict)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def accepts(self, username: str, password: str) -> bool:
        """Whether the registry would let them in: by a token that lives, in both places."""
        found = self.made.get(password)
        return found is not None and username == password and (found.ends is None or self.clock() < found.ends)

    def answer(self, request: Request) -> CannedResponse:
        try:
            token = self._made(request)
        except Refusal as refusal:
            said = {"id": refusal.code, "message": f"{BODY} {request.headers.get('authorization')}"}
            return CannedResponse.of_json({**said, "request_id": BODY}, status=refusal.status)
        # The documentation's example ends with a line break, too.
        auth = base64.b64encode(f"{token}:{token}\n".encode()).decode()
        return CannedResponse.of_json({"auths": {HOST: {"auth": auth}}})

    def _made(self, request: Request) -> str:
        found = _PATH.fullmatch(request.path)
        if request.headers.get("host") != API or request.method != "GET" or found is None:
            raise Refusal(404, "not_found")
        scheme, _, token = (request.headers.get("authorization") or "").partition(" ")
        if scheme != "Bearer" or token not in self.tokens:
            raise Refusal(401, "unauthorized")
        if not {"registry:read", "registry:update"} <= self.tokens[token]:
            raise Refusal(403, "forbidden")
        name = found["name"] or ""
        if not name and len(self.registries) > 1:
            raise Refusal(412, "precondition_failed")
        if name and name not in self.registries:
            raise Refusal(404, "not_found")
        return self._issued(name, request)

    def _issued(self, name: str, request: Request) -> str:
        assert set(request.query) <= {"expiry_seconds", "read_write"}
        life, writes = int(request.parameter("expiry_seconds") or 0), request.parameter("read_write") or "false"
        if life < 0 or writes not in {"true", "false"}:
            raise Refusal(422, "unprocessable_entity")
        token = f"dop_v1_{len(self.made)}{BODY}"
        ends = self.clock() + timedelta(seconds=life) if life else None
        self.made[token] = Made(name, writes == "true", ends)
        return token
