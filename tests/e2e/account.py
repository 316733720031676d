"""The one account that the test registries know."""

import base64
from dataclasses import dataclass


@dataclass(frozen=True)
class Account:
    """A user name and its password."""

    username: str
    password: str

    @property
    def pair(self) -> str:
        return f"{self.username}:{self.password}"

    @property
    def basic(self) -> str:
        """The value of an ``Authorization`` header (RFC 7617)."""
        return f"Basic {base64.b64encode(self.pair.encode()).decode()}"

    def is_(self, username: str, password: str) -> bool:
        return (username, password) == (self.username, self.password)
