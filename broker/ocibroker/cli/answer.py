"""An access in the forms in which ``get`` writes it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from ocibroker.cli.facts import Fact
from ocibroker.cli.trust import trust_facts
from ocibroker.credential import Anonymous, Basic, Bearer, IdentityToken, kind

if TYPE_CHECKING:
    from ocibroker.access import Access

HIDDEN: Final = "*" * 10


def as_data(access: Access) -> dict[str, Any]:
    """Return the access for a program, the secret revealed; moments as RFC 3339 has them, in UTC."""
    target, credential = access.target, access.credential
    dated = None if isinstance(credential, Anonymous) else credential
    return {
        "registry": target.registry,
        "repository": target.path or None,
        "kind": kind(credential),
        "username": _username(credential),
        "secret": dated.secret.reveal() if dated else None,
        "issued_at": _moment(dated.issued_at) if dated else None,
        "expires_at": _moment(dated.expires_at) if dated else None,
        "provider": access.provider,
        "tls": access.tls.describe(),
    }


def as_facts(access: Access) -> Iterator[Fact]:
    """Tell the access to a person, the secret hidden."""
    data, credential = as_data(access), access.credential
    hidden = {"tls": None, "secret": None if isinstance(credential, Anonymous) else HIDDEN}
    if isinstance(credential, Basic):
        hidden["username"] = credential.shown_username
    for name, value in {**data, **hidden}.items():
        if value is not None:
            yield Fact(name, value)
    yield Fact("because", access.why)
    if isinstance(credential, Anonymous):
        yield Fact("reason", credential.reason)
    yield from trust_facts(data["tls"])


def _username(credential: Basic | IdentityToken | Bearer | Anonymous) -> str | None:
    return credential.username or None if isinstance(credential, Basic | IdentityToken) else None


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
