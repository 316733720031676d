"""One record of the audit stream. Its names never change: people search for them, and programs read them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from ocibroker.audit.claimed import Claimed

AuditEvent = Literal["access", "admin_action", "caller_denied"]
"""Somebody asked for access to a target; asked the admin listener for an action; or was turned away before that."""

AuditOutcome = Literal["given", "done", "denied", "failed"]
"""``given`` is an answer, anonymous access included, ``done`` an action, ``denied`` what the caller may not have,
``failed`` anything else."""


class AuditRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who got what, and never the value. What is empty or none is left out of JSON.

    ``time`` is UTC. ``uid``, ``pid`` and ``gid`` are what the kernel says of a Unix socket's caller, ``address`` is
    a TCP caller's, ``names`` are those of its certificate. ``claimed`` is what the caller's own token says of it,
    which nobody here has verified. ``identity`` is what the credential is bound to, as its provider declares it;
    ``kind`` and ``expires_at`` are the credential's. ``fingerprint`` is an HMAC of the secret, where there is a key
    for it.
    """

    time: datetime
    event: AuditEvent
    outcome: AuditOutcome
    listener: str
    uid: int | None = None
    pid: int | None = None
    gid: int | None = None
    address: str = ""
    names: tuple[str, ...] = ()
    claimed: Claimed | None = None
    endpoint: str = ""
    action: str = ""
    target: str = ""
    actions: tuple[str, ...] = ()
    provider: str = ""
    identity: tuple[str, ...] = ()
    kind: str = ""
    expires_at: datetime | None = None
    fingerprint: str = ""
    error: str = ""
