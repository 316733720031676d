"""A credential as the value of an ``Authorization`` header."""

from __future__ import annotations

import base64

from ocibroker.credential import Anonymous, Basic, Bearer, Credential, IdentityToken
from ocibroker.errors import CannotCarry
from ocibroker.secret import Secret


def basic_header(username: str, secret: Secret) -> str:
    """Return ``Basic …`` (RFC 7617, in UTF-8)."""
    return "Basic " + base64.b64encode(f"{username}:{secret.reveal()}".encode()).decode("ascii")


def authorization(credential: Credential | Anonymous) -> str | None:
    """Return what proves the credential to the registry itself; none for anonymous access.

    Raises :class:`~ocibroker.errors.CannotCarry` for an identity token: it is for the token endpoint only.
    """
    match credential:
        case Basic():
            return basic_header(credential.username, credential.secret)
        case Bearer():
            return f"Bearer {credential.secret.reveal()}"
        case IdentityToken():
            raise CannotCarry(
                "an identity token must first be exchanged", culprit="header", hint="use access.client() instead"
            )
        case Anonymous():
            return None
