"""Whether a request is let in, and the challenge if it is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ocibroker.testing.accounts import Accounts
from ocibroker.testing.distribution_error import DistributionError
from ocibroker.testing.request import Request
from ocibroker.testing.response import CannedResponse
from ocibroker.testing.scope import required_scopes
from ocibroker.testing.tokens import Tokens


class Admission(Protocol):
    """Decides about one request."""

    def refusal(self, request: Request) -> CannedResponse | None:
        """Return the 401 with its challenge, or ``None`` when the request may pass."""


class OpenAdmission:
    """Lets everybody in."""

    def refusal(self, request: Request) -> CannedResponse | None:
        """Return ``None``."""
        return None


@dataclass(frozen=True)
class BasicAdmission:
    """Asks for a user and a password (RFC 7617)."""

    accounts: Accounts
    realm: str

    def refusal(self, request: Request) -> CannedResponse | None:
        """Return the challenge unless the registry is public or the authorization is right."""
        if self.accounts.public or self.accounts.by_authorization(request.headers.get("Authorization", "")):
            return None
        return _unauthorized(f'Basic realm="{self.realm}"')


@dataclass(frozen=True)
class TokenAdmission:
    """Asks for a bearer token of the token endpoint (Distribution specification, ``token.md``)."""

    tokens: Tokens
    realm: str
    service: str

    def refusal(self, request: Request) -> CannedResponse | None:
        """Return the challenge unless the token is valid and allows what the request does."""
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return self._challenge(request, "")
        token = self.tokens.find(value)
        if token is None:
            return self._challenge(request, "invalid_token")
        allowed = token.allows(required_scopes(request))
        return None if allowed else self._challenge(request, "insufficient_scope")

    def _challenge(self, request: Request, error: str) -> CannedResponse:
        scope = " ".join(map(str, required_scopes(request)))
        values = {"realm": self.realm, "service": self.service, "scope": scope, "error": error}
        return _unauthorized("Bearer " + ",".join(f'{key}="{value}"' for key, value in values.items() if value))


def _unauthorized(challenge: str) -> CannedResponse:
    headers = {"WWW-Authenticate": challenge}
    return DistributionError("UNAUTHORIZED", "authentication required", headers).response()
