"""Somebody else's issuer of identity tokens, whom an application may trust: a cluster, or a CI system."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import jwt

EXCHANGE = "api://AzureADTokenExchange"


@dataclass(frozen=True)
class IdentityProvider:
    issuer: str
    key: str = field(default_factory=lambda: secrets.token_urlsafe(40), repr=False)

    def token(self, subject: str, audience: str = EXCHANGE, life: timedelta = timedelta(hours=1)) -> str:
        now = datetime.now(UTC)
        claims = {"iss": self.issuer, "sub": subject, "aud": audience, "iat": now, "nbf": now, "exp": now + life}
        return jwt.encode(claims, self.key, "HS256")
