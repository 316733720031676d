"""An access token, and the answers that it comes in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ocibroker.provider import JsonAnswer, Secret, as_secret

SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
"""What every token is for; what may be done with it, IAM decides."""

LONGEST: Final = timedelta(hours=12)
"""No access token of Google's lives longer, whatever an answer says."""


@dataclass(frozen=True, slots=True)
class Token:
    """An access token (RFC 6749) and when it ends."""

    secret: Secret
    expires_at: datetime


class _Granted(JsonAnswer):
    """RFC 6749 section 5.1, RFC 8693 section 2.2.1, and what the metadata server answers."""

    access_token: str
    expires_in: int


class _Generated(JsonAnswer):
    """What ``generateAccessToken`` answers."""

    accessToken: str  # noqa: N815  # Google's spelling
    expireTime: datetime  # noqa: N815  # Google's spelling


def granted(body: bytes, now: datetime) -> Token | None:
    """Return the token that a token endpoint answered; none where there is none, or no life in it."""
    answer = _Granted.read(body)
    if answer is None or answer.expires_in <= 0:
        return None
    return _token(answer.access_token, now + timedelta(seconds=min(answer.expires_in, LONGEST.total_seconds())))


def generated(body: bytes, now: datetime) -> Token | None:
    """Return the token that ``generateAccessToken`` answered; none where there is none."""
    answer = _Generated.read(body)
    if answer is None or answer.expireTime.tzinfo is None:
        return None
    return _token(answer.accessToken, min(answer.expireTime, now + LONGEST))


def _token(text: str, expires: datetime) -> Token | None:
    secret = as_secret(text)
    return Token(secret, expires) if secret else None
