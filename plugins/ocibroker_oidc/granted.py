"""What an exchange gives: a token, and how long it lives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ocibroker.provider import Basic, Bearer, HttpAnswer, JsonAnswer, Secret, end_of
from ocibroker_oidc.asking import Asking

_UNKNOWN: Final = timedelta(minutes=5)
"""How long a token is believed that does not say when it ends."""

_LONGEST: Final = timedelta(days=1)


class TokenAnswer(JsonAnswer):
    """The answer of a token endpoint (RFC 8693, 2.2.1), or of one that gives a ``token`` and nothing else."""

    access_token: str = ""
    token: str = ""
    token_type: str = ""
    expires_in: float | None = None
    username: str = ""


@dataclass(frozen=True, slots=True)
class Granted:
    """A token from ``issued`` to ``expires``, and what the service said beside it."""

    said: TokenAnswer
    secret: Secret
    issued: datetime
    expires: datetime

    def basic(self, username: str) -> Basic:
        """Return it as the password of a user."""
        return Basic(username=username, secret=self.secret, issued_at=self.issued, expires_at=self.expires)

    def bearer(self) -> Bearer:
        """Return it as a token that the registry itself takes."""
        return Bearer(secret=self.secret, issued_at=self.issued, expires_at=self.expires)


def granted(
    asking: Asking, who: str, answer: HttpAnswer, of: Callable[[TokenAnswer], str], life: float = 0
) -> Granted:
    """Return the token that ``of`` finds in an answer; it lives as long as the answer says, else as it says itself.

    ``life`` is how many seconds were asked for. Raises :class:`~ocibroker.errors.CredentialUnavailable`.
    """
    if answer.status not in {200, 201}:
        raise asking.refused(who, answer)
    said, now = TokenAnswer.read(answer.body), asking.request.clock.now()
    if said is None:
        raise asking.without(who)
    secret = asking.secret(who, of(said))
    seconds = said.expires_in if said.expires_in is not None else life
    expires = now + timedelta(seconds=min(seconds, _LONGEST.total_seconds())) if seconds else end_of(secret, now)
    if expires is not None and expires <= now:
        raise asking.ended(who)
    return Granted(said, secret, now, min(expires or now + _UNKNOWN, now + _LONGEST))
