"""How long a JSON web token lives, by what it says itself (RFC 7519)."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime, timedelta

from ocibroker.json_answer import JsonAnswer
from ocibroker.secret import Secret


class _Claims(JsonAnswer):
    exp: int
    iat: int


def end_of(token: Secret, now: datetime) -> datetime | None:
    """Return when ``token``, got at ``now``, ends in UTC; none where it does not say so, or nothing that can be.

    That is what ``exp`` says, or its life from ``iat`` on counted from ``now``: whichever is sooner, since either
    of the clocks may be wrong. Nothing is verified: that is up to whoever accepts the token.
    """
    parts = token.reveal().split(".")
    claims = _Claims.read(_decoded(parts[1])) if len(parts) == 3 else None
    if claims is None or not 0 <= claims.iat < claims.exp:
        return None
    try:
        return min(datetime.fromtimestamp(claims.exp, UTC), now + timedelta(seconds=claims.exp - claims.iat))
    except (OverflowError, ValueError, OSError):
        return None


def _decoded(part: str) -> bytes:
    """Return what ``part`` is in unpadded Base64url (RFC 7515, 2); nothing where it is something else."""
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
