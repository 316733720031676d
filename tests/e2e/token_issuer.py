"""What a Distribution token server grants, and to whom: pure, without a socket.

A GET follows distribution's spec/auth/token.md, a POST its spec/auth/oauth.md.
"""

import base64
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, TypeAlias
from urllib.parse import parse_qs

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.e2e.json_web_token import Signer
from tests.e2e.refresh_tokens import RefreshTokens
from tests.e2e.scope import Scope
from tests.transport.canary import MARK

Accepts: TypeAlias = Callable[[str, str], bool]
"""Whether a user name and a password belong together."""

IDENTITY_TOKEN: Final = "<token>"
"""The user name of a refresh token that somebody else has issued, as Docker's credential helpers have it."""


@dataclass(frozen=True)
class TokenIssuer:
    """Grants those whom it ``accepts`` whatever they ask for, and nobody a token that opens nothing."""

    name: str
    service: str
    accepts: Accepts
    signer: Signer
    lifetime: int = 300
    refresh_tokens: RefreshTokens = field(default_factory=RefreshTokens)

    def token(self, *scopes: str) -> str:
        """Return a token without anybody having asked a server for it."""
        return self.signer.sign(self._claims("tests", map(Scope.parse, scopes), int(time.time())))

    def answer(self, request: Request) -> CannedResponse:
        if request.method == "POST":
            return self._post({name: values[0] for name, values in parse_qs(request.body.decode()).items()})
        return self._get(request.query, request.headers.get("authorization"))

    def _get(self, query: Mapping[str, tuple[str, ...]], authorization: str | None) -> CannedResponse:
        if query.get("service") != (self.service,):
            return _error(400, "invalid_request")
        owner = self._known(*_basic(authorization)) if authorization else None
        if authorization and owner is None:
            headers = {"WWW-Authenticate": 'Basic realm="tokens"'}
            return CannedResponse.of_json({"error": "invalid_client"}, status=401, headers=headers)
        offline = query.get("offline_token") == ("true",)
        grant = self._grant(owner, query.get("scope", ()), offline=offline)
        return CannedResponse.of_json(grant | {"token": grant["access_token"]})

    def _post(self, fields: Mapping[str, str]) -> CannedResponse:
        if fields.get("service") != self.service or not fields.get("client_id"):
            return _error(400, "invalid_request")
        if fields.get("grant_type") not in ("password", "refresh_token"):
            return _error(400, "unsupported_grant_type")
        if (owner := self._owner(fields)) is None:
            return _error(400, "invalid_grant")
        offline = fields.get("access_type") == "offline"
        return CannedResponse.of_json(self._grant(owner, fields.get("scope", "").split(), offline=offline))

    def _owner(self, fields: Mapping[str, str]) -> str | None:
        if fields["grant_type"] == "refresh_token":
            token = fields.get("refresh_token", "")
            return self.refresh_tokens.owner(token) or self._known(IDENTITY_TOKEN, token)
        return self._known(fields.get("username", ""), fields.get("password", ""))

    def _known(self, username: str, password: str) -> str | None:
        return username if self.accepts(username, password) else None

    def _grant(self, owner: str | None, scopes: Iterable[str], *, offline: bool) -> dict[str, object]:
        granted = [Scope.parse(scope) for scope in scopes] if owner else []
        now = int(time.time())
        grant: dict[str, object] = {
            "access_token": self.signer.sign(self._claims(owner, granted, now)),
            "expires_in": self.lifetime,
            "issued_at": datetime.fromtimestamp(now, UTC).isoformat(),
        }
        return grant | ({"refresh_token": self.refresh_tokens.issue(owner)} if owner and offline else {})

    def _claims(self, owner: str | None, granted: Iterable[Scope], now: int) -> Mapping[str, object]:
        return {
            "iss": self.name,
            "sub": owner or "",
            "aud": self.service,
            "iat": now,
            "nbf": now,
            "exp": now + self.lifetime,
            "jti": f"{MARK}/{secrets.token_hex(8)}",
            "access": [scope.claim for scope in granted],
        }


def _basic(authorization: str) -> tuple[str, str]:
    """Return user name and password (RFC 7617)."""
    username, _, password = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
    return username, password


def _error(status: int, code: str) -> CannedResponse:
    return CannedResponse.of_json({"error": code}, status=status)
