"""What the sidecar answers: a credential, and how its host is reached and trusted."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from ocibroker.credential import Anonymous, Basic, Bearer, Credential, IdentityToken, Kind
from ocibroker.errors import InvalidValue
from ocibroker.secret import Secret


class TLSData(msgspec.Struct, frozen=True, kw_only=True):
    """How one host is reached and trusted, for a program in any language. No key and no password is in it.

    ``host`` is the ``host[:port]`` that it is for; its certificate must name that host. ``ca`` is PEM, empty for
    none but the system's roots, to which it is added unless ``ca_only``. ``roots`` are the files and folders that
    stand for the system's roots where ``SSL_CERT_FILE`` or ``SSL_CERT_DIR`` say so; empty for the caller's own
    system's. ``client_cert`` and ``client_key`` are paths that the caller reads itself. ``proxy`` is a URL without
    a password; ``proxy_auth`` is whether it wants one, which the caller must have of its own. ``digest`` changes
    with any of it.
    """

    host: str
    digest: str
    ca: str = ""
    ca_only: bool = False
    roots: list[str] = []
    min_version: Literal["1.2", "1.3"] = "1.2"
    client_cert: str | None = None
    client_key: str | None = None
    proxy: str | None = None
    proxy_auth: bool = False
    insecure: bool = False
    plain_http: bool = False


class TrustAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How a host is reached and trusted."""

    tls: TLSData


class CredentialAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Who one is at ``origin``, where connections go. It shows no secret.

    Of ``anonymous`` access ``reason`` says why. ``username`` may be empty for an ``identity_token``. Moments are
    UTC; none are those of a credential that does not expire. ``provider`` is none where nobody answers; ``why``
    says what decided. ``realms`` are the token endpoints on other hosts that may receive the credential.
    """

    kind: Kind
    registry: str
    repository: str
    origin: str
    username: str | None = None
    secret: str | None = None
    issued_at: Annotated[datetime, Meta(tz=True)] | None = None
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None
    reason: str | None = None
    provider: str | None = None
    why: str
    realms: list[str] = []
    tls: TLSData

    def __repr__(self) -> str:
        return f"<CredentialAnswer {self.kind} for {self.registry}>"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("kind", self.kind), ("registry", self.registry)]


def credential_of(answer: CredentialAnswer) -> Credential | Anonymous:
    """Return the credential in ``answer``.

    Raises :class:`~ocibroker.errors.InvalidValue` for one that is none.
    """
    if answer.kind == "anonymous":
        return Anonymous(answer.reason or "the sidecar gives no reason")
    if answer.secret is None:
        raise InvalidValue("the answer holds no secret", culprit="secret")
    secret, issued, ends = Secret(answer.secret), answer.issued_at, answer.expires_at
    if answer.kind == "bearer":
        return Bearer(secret=secret, issued_at=issued, expires_at=ends)
    made = Basic if answer.kind == "basic" else IdentityToken
    return made(username=answer.username or "", secret=secret, issued_at=issued, expires_at=ends)
