"""A user name and a password, each where it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from ocibroker.credential import Basic
from ocibroker.fetch_request import FetchRequest
from ocibroker.identity import Identity
from ocibroker.reference import SecretRef, TextRef
from ocibroker.secret import Secret


@dataclass(frozen=True, slots=True)
class KeptLogin:
    """What a rule, or the environment, says of a user name and a password; both are read when they are needed."""

    username: TextRef
    password: SecretRef

    @classmethod
    def of(cls, username: TextRef | str, password: SecretRef) -> Self:
        """Return the login of a user whose name is kept somewhere, or is known.

        Raises :class:`~ocibroker.errors.InvalidValue` for a name that can be none.
        """
        return cls(TextRef(literal=Secret(username)) if isinstance(username, str) else username, password)

    def identity(self) -> Identity:
        """Return the user, or where the name is kept, and where the password is; their files are watched."""
        user, password = self.username, self.password
        name = user.literal.reveal() if user.literal else str(user)
        return Identity((f"user {name}", f"password from {password}"), watch=(*user.watch, *password.watch))

    def read(self, request: FetchRequest[Any]) -> Basic:
        """Read both.

        Raises :class:`~ocibroker.errors.CredentialUnavailable` that names the place that failed.
        """
        username = request.secret(self.username).reveal()
        return Basic(username=username, secret=request.secret(self.password))
