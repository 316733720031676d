"""The refresh tokens that a token server has given out."""

import secrets
from dataclasses import dataclass, field
from threading import Lock

from tests.transport.canary import MARK


@dataclass(frozen=True)
class RefreshTokens:
    """Opaque tokens and whose they are."""

    _owners: dict[str, str] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def issue(self, username: str) -> str:
        token = f"{MARK}/{secrets.token_urlsafe(24)}"
        with self._lock:
            self._owners[token] = username
        return token

    def owner(self, token: str) -> str | None:
        with self._lock:
            return self._owners.get(token)

    def revoke(self, token: str) -> None:
        with self._lock:
            self._owners.pop(token, None)
