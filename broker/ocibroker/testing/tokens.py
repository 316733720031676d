"""The bearer tokens that the embedded registry has issued."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from ocibroker.testing.scope import Scope

PREFIX: Final = "embedded-registry-token-"
"""What every secret that the embedded registry issues begins with: one in a log is found without being known."""


def opaque() -> str:
    """Return a new secret that means nothing to anybody else."""
    return PREFIX + secrets.token_urlsafe(32)


@dataclass(frozen=True)
class BearerToken:
    """An opaque token; times are seconds since the epoch, by the registry's clock."""

    scopes: tuple[Scope, ...]
    issued_at: float
    life: int
    value: str = field(default_factory=opaque, repr=False)

    def allows(self, needed: Iterable[Scope]) -> bool:
        """Whether each needed scope is covered by one that was granted."""
        return all(any(granted.covers(scope) for granted in self.scopes) for scope in needed)

    def expired(self, now: float) -> bool:
        """Whether the token's life is over."""
        return now >= self.issued_at + self.life

    def as_json(self) -> dict[str, str | int]:
        """Return the token endpoint's answer (``token.md``, ``oauth.md``): both names of the token."""
        issued = datetime.fromtimestamp(self.issued_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        body: dict[str, str | int] = {"token": self.value, "access_token": self.value}
        return body | {"expires_in": self.life, "issued_at": issued, "scope": " ".join(map(str, self.scopes))}


class Tokens:
    """Issued tokens by value; ``life`` in seconds."""

    def __init__(self, *, life: int, clock: Callable[[], float]) -> None:
        self._life = life
        self._clock = clock
        self._issued: dict[str, BearerToken] = {}

    def issue(self, scopes: Iterable[Scope]) -> BearerToken:
        """Issue a token that allows ``scopes``, from now on for the tokens' life."""
        token = BearerToken(tuple(scopes), self._clock(), self._life)
        self._issued[token.value] = token
        return token

    def find(self, value: str) -> BearerToken | None:
        """Return the token if it was issued, has not been revoked and has not expired."""
        token = self._issued.get(value)
        return None if token is None or token.expired(self._clock()) else token

    def revoke(self) -> None:
        """Forget every issued token."""
        self._issued.clear()
