"""An identity token that was asked for, with its end."""

from __future__ import annotations

from datetime import datetime

from ocibroker.provider import Leased, Secret, end_of
from ocibroker_oidc.speaking import Speaking


def lent(speaking: Speaking, who: str, text: str, end: datetime | None = None) -> Secret | Leased:
    """Return the identity token that an answer of ``who`` is said to hold; it says itself when it ends, or not.

    Then it ends at ``end``, if that is known.

    Raises :class:`~ocibroker.errors.CredentialUnavailable` where it can be none, or has ended.
    """
    secret, now = speaking.secret(who, text), speaking.request.clock.now()
    if (ends := end_of(secret, now) or end) is None:
        return secret
    if ends <= now:
        raise speaking.ended(who)
    return Leased(secret, ends)
