"""A provider that gives the user name and the password that its rule says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from ocibroker.credential import Basic
from ocibroker.fetch_request import FetchRequest
from ocibroker.identity import Identity
from ocibroker.kept_login import KeptLogin
from ocibroker.request import Options, Request
from ocibroker.target import Target

O = TypeVar("O", bound=Options)  # noqa: E741  # as in the contract


@dataclass(frozen=True, slots=True)
class LoginProvider(Generic[O]):
    """``login`` makes a :class:`~ocibroker.kept_login.KeptLogin` of a rule's ``options``, and touches nothing else.

    For vendors whose robots and tokens are a user name and a password, by rules of their own.
    """

    name: str
    options: type[O]
    login: Callable[[O], KeptLogin]

    def claim(self, target: Target) -> None:
        """Claim nothing: whose token it is, only a rule can say."""

    def identity(self, request: Request[O]) -> Identity:
        """Return the user, and where the password is kept."""
        return self.login(request.options).identity()

    def fetch(self, request: FetchRequest[O]) -> Basic:
        """Read both; errors as :meth:`ocibroker.kept_login.KeptLogin.read`."""
        return self.login(request.options).read(request)
