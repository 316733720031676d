"""What a caller asks: registries by name, and never a URL, a realm, a proxy or an authority."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from ocibroker.api.limits import LONGEST_DEADLINE, LONGEST_TTL
from ocibroker.secret import Secret

Host = Annotated[
    str, Meta(min_length=1, max_length=260, description="host[:port]", examples=["registry.example.com"])
]


Action = Literal["pull", "push", "delete"]


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Unknown fields are errors; it never shows itself, since it may hold a token."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return []


class CallerQuestion(_Strict, frozen=True, kw_only=True):
    """For whom: a workload's own identity token and the annotations that came with it."""

    token: Annotated[str, Meta(min_length=1, max_length=65536)] | None = None
    annotations: dict[str, str] = {}


class CredentialQuestion(_Strict, frozen=True, kw_only=True):
    """Which credential is wanted. ``min_ttl`` and ``deadline`` are seconds.

    ``refused`` is the SHA-256, in hexadecimal, of a secret that the registry has just turned down.
    """

    registry: Host
    repository: Annotated[str, Meta(max_length=255)] = ""
    actions: Annotated[tuple[Action, ...], Meta(min_length=1, max_length=3)] = ("pull",)
    min_ttl: Annotated[float, Meta(ge=0, le=LONGEST_TTL)] = 60.0
    deadline: Annotated[float, Meta(gt=0, le=LONGEST_DEADLINE)] = 30.0
    caller: CallerQuestion | None = None
    refused: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")] | None = None


class TrustQuestion(_Strict, frozen=True, kw_only=True):
    """Which host is about to be connected to: a token endpoint, or where a redirect leads."""

    host: Host


def fingerprint(secret: Secret) -> str:
    """Return what ``refused`` says of ``secret``."""
    return hashlib.sha256(secret.reveal().encode()).hexdigest()
