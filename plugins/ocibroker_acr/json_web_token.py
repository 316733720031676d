"""When a JSON web token ends, by what it says itself (RFC 7519)."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime

from ocibroker.provider import JsonAnswer, Secret


class _Claims(JsonAnswer):
    exp: int
    iat: int


def expiry_of(token: Secret) -> datetime | None:
    """Return the moment in UTC that ``exp`` of ``token`` is, or none where the token does not say one that can be.

    Nothing is verified: that is up to whoever accepts the token.
    """
    parts = token.reveal().split(".")
    claims = _Claims.read(_decoded(parts[1])) if len(parts) == 3 else None
    if claims is None or not 0 <= claims.iat < claims.exp:
        return None
    try:
        return datetime.fromtimestamp(claims.exp, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _decoded(part: str) -> bytes:
    """Return what ``part`` is in unpadded Base64url (RFC 7515, 2); nothing where it is something else."""
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
