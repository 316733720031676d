"""What a Distribution token server grants, and to whom: pure, without a socket.

``get`` follows distribution's spec/auth/token.md, ``post`` its spec/auth/oauth.md.
"""

import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.e2e.account import Account
from tests.e2e.json_web_token import Signer
from tests.e2e.refresh_tokens import RefreshTokens
from tests.e2e.request_log import Parameters
from tests.e2e.scope import Scope


@dataclass(frozen=True)
class Answer:
    """A status, a JSON body, and what else the response says."""

    status: int
    body: Mapping[str, object]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TokenIssuer:
    """Grants ``account`` whatever it asks for, and anyone else a token that opens nothing."""

    name: str
    service: str
    account: Account
    signer: Signer
    lifetime: int = 300
    refresh_tokens: RefreshTokens = field(default_factory=RefreshTokens)

    def token(self, *scopes: str) -> str:
        """Return a token of the account's without anybody having asked a server for it."""
        granted = [Scope.parse(scope) for scope in scopes]
        return self.signer.sign(self._claims(self.account.username, granted, int(time.time())))

    def get(self, query: Parameters, authorization: str | None) -> Answer:
        if query.get("service") != [self.service]:
            return _error(400, "invalid_request")
        if authorization not in (None, self.account.basic):
            return Answer(401, {"error": "invalid_client"}, {"WWW-Authenticate": 'Basic realm="tokens"'})
        owner = self.account.username if authorization else None
        offline = query.get("offline_token") == ["true"]
        grant = self._grant(owner, query.get("scope", []), offline=offline)
        return Answer(200, grant | {"token": grant["access_token"]})

    def post(self, form: Parameters) -> Answer:
        fields = {name: values[0] for name, values in form.items()}
        if fields.get("service") != self.service or not fields.get("client_id"):
            return _error(400, "invalid_request")
        if fields.get("grant_type") not in ("password", "refresh_token"):
            return _error(400, "unsupported_grant_type")
        if (owner := self._owner(fields)) is None:
            return _error(400, "invalid_grant")
        offline = fields.get("access_type") == "offline"
        return Answer(200, self._grant(owner, fields.get("scope", "").split(), offline=offline))

    def _owner(self, fields: Mapping[str, str]) -> str | None:
        if fields["grant_type"] == "refresh_token":
            return self.refresh_tokens.owner(fields.get("refresh_token", ""))
        known = (fields.get("username"), fields.get("password")) == (self.account.username, self.account.password)
        return self.account.username if known else None

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
            "jti": secrets.token_hex(8),
            "access": [scope.claim for scope in granted],
        }


def _error(status: int, code: str) -> Answer:
    return Answer(status, {"error": code})
