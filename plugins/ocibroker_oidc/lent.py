"""An identity token that was asked for, with its end."""

from __future__ import annotations

from datetime import datetime

from ocibroker.provider import Leased, Secret, end_of
from ocibroker_oidc.speaking import Speaking


def lent(speaking: Speaking, who: str, text: str, end: datetime | None = None) -> Secret | Leased:
    """Return the identity token that an answer of ``who`` is said to hold; with its end.

    That is what it says itself, or ``end``, if that is known: whichever is sooner.

    Raises :class:`~ocibroker.errors.CredentialUnavailable` where it can be none, or has ended.
    """
    secret, now = speaking.secret(who, text), speaking.request.clock.now()
    if (ends := min(filter(None, (end_of(secret, now), end)), default=None)) is None:
        return secret
    if ends <= now:
        raise speaking.ended(who)
    return Leased(secret, ends)
