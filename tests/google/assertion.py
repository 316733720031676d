"""A signed assertion (RFC 7523), as Google's token endpoint verifies it.

https://developers.google.com/identity/protocols/oauth2/service-account#httprest
"""

from __future__ import annotations

import base64
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256

from tests.google.accounts import Accounts
from tests.google.refusal import Refusal

SCOPES = {"https://www.googleapis.com/auth/cloud-platform"}
SKEW = 300


def signer(assertion: str, accounts: Accounts, audience: str | None) -> str:
    """Return the account that has signed, or refuse; without ``audience`` it is a token of its own."""
    content, _, signature = assertion.rpartition(".")
    head, _, body = content.partition(".")
    header, claims = _decoded(head), _decoded(body)
    email, public = accounts.keys.get(header["kid"], ("", None))
    if public is None or (header["alg"], header["typ"]) != ("RS256", "JWT"):
        raise Refusal("invalid_grant")
    try:
        public.verify(_bytes(signature), content.encode(), padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        raise Refusal("invalid_grant") from None
    moment = accounts.clock().timestamp()
    living = moment - 3600 < claims["iat"] < moment + SKEW and moment < claims["exp"] <= claims["iat"] + 3600
    if not living or claims["iss"] != email or claims.get("aud") != audience:
        raise Refusal("invalid_grant")
    if set(claims["scope"].split()) != SCOPES:
        raise Refusal("invalid_scope")
    return email


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _decoded(part: str) -> Any:  # noqa: ANN401  # JSON
    return json.loads(_bytes(part))
