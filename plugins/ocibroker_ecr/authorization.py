"""The token in ECR's answer.

https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_GetAuthorizationToken.html
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime, timedelta
from typing import Final

from ocibroker.provider import Basic, CredentialUnavailable, JsonAnswer, OcibrokerError, Secret
from ocibroker_ecr.faults import LATER
from ocibroker_ecr.wire import Answer

_USER: Final = "AWS"
"""The user of every token."""

_LIFE: Final = timedelta(hours=12)
"""A token lives no longer, whatever an answer says."""


class _Authorization(JsonAnswer, rename="camel"):
    authorization_token: str
    expires_at: float
    """Seconds since the epoch."""


class _Authorized(JsonAnswer, rename="camel"):
    # Private: a list with one for each registry that was asked for. Public: that one itself.
    authorization_data: list[_Authorization] | _Authorization


def token_in(answer: Answer, now: datetime) -> Basic:
    """Return the token in ECR's answer.

    Raises :class:`~ocibroker.errors.CredentialUnavailable` where there is none, or where it has expired.
    """
    one = _first(_Authorized.read(answer.body))
    password = _password(one.authorization_token) if one else None
    expires = _moment(one.expires_at) if one else None
    if password is None or expires is None:
        raise CredentialUnavailable("GetAuthorizationToken was answered without a token", hint=LATER)
    if expires <= now:
        hint = "set this machine's clock"
        raise CredentialUnavailable("the token has expired by this machine's clock", hint=hint)
    return Basic(username=_USER, secret=password, issued_at=now, expires_at=min(expires, now + _LIFE))


def _first(found: _Authorized | None) -> _Authorization | None:
    data = found.authorization_data if found else None
    return next(iter(data), None) if isinstance(data, list) else data


def _password(token: str) -> Secret | None:
    """Return the password of a token, which is ``AWS:password`` in Base64."""
    try:
        user, _, password = base64.b64decode(token, validate=True).decode("ascii").partition(":")
        return Secret(password) if user == _USER else None
    except (binascii.Error, ValueError, OcibrokerError):
        return None


def _moment(seconds: float) -> datetime | None:
    """Return that moment in UTC, or none where no calendar has it."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None
