"""Who may use the embedded registry."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from ocibroker.testing.tokens import opaque


class Accounts:
    """Users with their passwords, and identity tokens (OAuth2 refresh tokens) that stand for a user.

    Without users the registry is public.
    """

    def __init__(self, users: Mapping[str, str], refresh_tokens: Mapping[str, str]) -> None:
        self._passwords = dict(users)
        self._refresh_tokens = dict(refresh_tokens)

    @property
    def public(self) -> bool:
        """Whether access needs no credential."""
        return not self._passwords

    def rotate(self, user: str, password: str) -> None:
        """Change a password; the old one is refused from now on. Raises `KeyError` for an unknown user."""
        if user not in self._passwords:
            raise KeyError(user)
        self._passwords[user] = password

    def by_password(self, user: str, password: str) -> str | None:
        """Return the user if the password is right."""
        known = self._passwords.get(user)
        return user if known is not None and known == password else None

    def by_authorization(self, header: str) -> str | None:
        """Return the user that a ``Basic`` authorization names (RFC 7617), if the password is right."""
        scheme, _, encoded = header.partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return self.by_password(user, password)

    def by_refresh_token(self, token: str) -> str | None:
        """Return the user for whom an identity token stands."""
        return self._refresh_tokens.get(token)

    def add_refresh_token(self, user: str) -> str:
        """Return a new identity token for ``user``."""
        token = opaque()
        self._refresh_tokens[token] = user
        return token
