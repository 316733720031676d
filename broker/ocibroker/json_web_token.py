"""What a JSON web token says of itself (RFC 7519). Nothing is verified: that is up to whoever accepts it."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime, timedelta

from ocibroker.json_answer import JsonAnswer
from ocibroker.secret import Secret


class _Claims(JsonAnswer):
    exp: int
    iat: int | None = None


def end_of(token: Secret, now: datetime) -> datetime | None:
    """Return when ``token``, got at ``now``, ends in UTC; none where it does not say so, or nothing that can be.

    That is what ``exp`` says, or its life from ``iat`` on counted from ``now``, if it has one (RFC 7519, 4.1.6):
    whichever is sooner, since either of the clocks may be wrong.
    """
    claims = _Claims.read(payload(token.reveal()))
    if claims is None or not 0 <= (claims.iat or 0) < claims.exp:
        return None
    try:
        end = datetime.fromtimestamp(claims.exp, UTC)
        return end if claims.iat is None else min(end, now + timedelta(seconds=claims.exp - claims.iat))
    except (OverflowError, ValueError, OSError):
        return None


def payload(token: str) -> bytes:
    """Return the JSON of the claims, in unpadded Base64url there (RFC 7515, 2); nothing of any other text."""
    parts = token.split(".")
    part = parts[1] if len(parts) == 3 else ""
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
