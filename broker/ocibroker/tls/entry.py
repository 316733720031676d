"""One ``[[tls]]`` entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ocibroker.pattern import Pattern
from ocibroker.secret import Secret
from ocibroker.tls.policy import TLSPolicy


@dataclass(frozen=True, slots=True)
class TLSEntry:
    """Which hosts, and what holds for them.

    ``password`` fetches the client key's password, ``no_proxy`` replaces the environment's list where given.
    """

    pattern: Pattern
    policy: TLSPolicy
    source: str
    no_proxy: tuple[str, ...] | None = None
    password: Callable[[], Secret] | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What nobody should overlook."""
        weakened = {"insecure": self.policy.insecure, "plain_http": self.policy.plain_http}
        return tuple(f"{what} is set for {self.pattern} ({self.source})" for what, on in weakened.items() if on)
