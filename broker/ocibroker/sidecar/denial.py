"""Who was not let in, for those who count it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from ocibroker.sidecar.listener import ListenerName
from ocibroker.sidecar.peer import Peer

Reason = Literal["uid", "handshake", "certificate", "bearer", "address", "connections", "rate", "administration"]
"""A user who may not call; a TLS handshake that failed; a certificate without an allowed name; no token or a wrong
one; a request that is addressed to somebody else, or relayed; one connection or request too many; an action of
somebody who may not act."""

Denied = Callable[[ListenerName, Peer, Reason], None]
"""Told each time; must neither block nor raise."""


def uncounted(listener: ListenerName, peer: Peer, reason: Reason) -> None:
    """Count nothing."""
