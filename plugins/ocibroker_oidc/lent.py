"""An identity token that was asked for, with its end."""

from __future__ import annotations

from ocibroker.provider import Leased, Secret, end_of
from ocibroker_oidc.speaking import Speaking


def lent(speaking: Speaking, who: str, text: str) -> Secret | Leased:
    """Return the identity token that an answer of ``who`` is said to hold; it says itself when it ends, or not.

    Raises :class:`~ocibroker.errors.CredentialUnavailable` where it can be none, or has ended.
    """
    secret, now = speaking.secret(who, text), speaking.request.clock.now()
    if (end := end_of(secret, now)) is None:
        return secret
    if end <= now:
        raise speaking.ended(who)
    return Leased(secret, end)
