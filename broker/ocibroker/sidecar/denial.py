"""Who was not let in, for those who count it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

Reason = Literal["uid", "handshake", "certificate", "connections", "rate"]
"""A user who may not call; a TLS handshake that failed; a certificate without an allowed name; one connection or
request too many."""

Denied = Callable[[Reason], None]
"""Told each time; must neither block nor raise."""


def uncounted(reason: Reason) -> None:
    """Count nothing."""
