"""An issuer of identity tokens, and what anybody who trusts it makes of one: of a cluster, or of a CI system."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.types import Options

from tests.vendors.github import new_key

EXCHANGE = "api://AzureADTokenExchange"
_UNTIMED: Options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "require": ["sub"]}
"""The times are looked at by a clock that may be another than PyJWT's."""


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class IdentityProvider:
    """Signs as ``issuer``, which nobody else can."""

    issuer: str
    clock: Callable[[], datetime] = now
    key: rsa.RSAPrivateKey = field(default_factory=new_key, repr=False)

    def token(
        self, subject: str, audience: str = EXCHANGE, life: timedelta = timedelta(hours=1), *, dated: bool = True
    ) -> str:
        """Return a token that says since when it lives, or only when it ends."""
        moment = self.clock()
        claims = {"iss": self.issuer, "sub": subject, "aud": audience, "jti": secrets.token_hex(8)}
        times = {"exp": moment + life, **({"iat": moment, "nbf": moment} if dated else {})}
        return jwt.encode({**claims, **times}, self.key, "RS256")

    def subject(self, token: str, audience: str) -> str:
        """Return whom a token is about; raises ``jwt.InvalidTokenError`` for one that is not to be trusted.

        https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
        """
        public = self.key.public_key()
        claims: dict[str, Any] = jwt.decode(
            token, public, ["RS256"], audience=audience, issuer=self.issuer, options=_UNTIMED
        )
        if not claims.get("nbf", 0) <= self.clock().timestamp() < claims["exp"]:
            raise jwt.ExpiredSignatureError
        return str(claims["sub"])


def issuer_of(token: str) -> str:
    """Return who a token says has issued it; nothing where it is none."""
    try:
        return str(jwt.decode(token, options={"verify_signature": False})["iss"])
    except (jwt.InvalidTokenError, KeyError):
        return ""
