"""What a credential helper of git's answers: lines of ``key=value``, by git-credential(1)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from ocibroker.credential import Anonymous, Basic, Bearer, IdentityToken
from ocibroker.errors import CannotCarry

if TYPE_CHECKING:
    from ocibroker.access import Access

CAPABILITIES: Final = ("authtype", "state")
"""What is answered only to a git that understands it."""

STATE: Final = "ocibroker:"
"""What a state of ours begins with: git hands each helper those of all."""


def lines(access: Access, understood: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Return the answer's keys and values; what git does not understand is not written.

    Raises :class:`~ocibroker.errors.CannotCarry`.
    """
    credential = access.credential
    shared = [one for one in CAPABILITIES if one in understood]
    yield from (("capability[]", one) for one in shared)
    match credential:
        case Basic(username=username, secret=secret):
            yield from (("username", username), ("password", secret.reveal()))
        case Bearer(secret=secret) if "authtype" in understood:
            # Not for another helper to store: we are asked again.
            yield from (("authtype", "Bearer"), ("credential", secret.reveal()), ("ephemeral", "1"))
        case Bearer():
            why = "a bearer token needs a git that knows authtype, 2.46 or newer"
            raise CannotCarry(why, culprit=str(access.target))
        case IdentityToken() | Anonymous():
            raise CannotCarry("git's protocol cannot carry an identity token", culprit=str(access.target))
    if credential.expires_at is not None:
        yield "password_expiry_utc", str(int(credential.expires_at.timestamp()))
    if "state" in understood:
        yield "state[]", state(credential.secret.reveal())


def written(pairs: Iterable[tuple[str, str]]) -> bytes:
    """Return the pairs as the protocol has them."""
    return "".join(f"{key}={value}\n" for key, value in pairs).encode()


def state(secret: str) -> str:
    """Return what git gives back with a verdict: which credential it is about, without telling it."""
    return f"{STATE}{hashlib.sha256(secret.encode()).hexdigest()[:32]}"
