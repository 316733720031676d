"""What a service of Azure's answers, and what of it may be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ocibroker.provider import HttpAnswer, JsonAnswer, Secret, as_code, as_secret

_IDS: Final = ("x-ms-correlation-request-id", "x-ms-request-id", "client-request-id")
"""The headers that name a request."""

_UNKNOWN_AUDIENCE: Final = frozenset({50001, 500011})
"""The audience does not exist in this cloud, or not in this tenant."""


class Refusal(JsonAnswer):
    """An error of OAuth 2.0 (RFC 6749, 5.2), with what Entra ID adds to it.

    https://learn.microsoft.com/entra/identity-platform/reference-error-codes
    """

    error: str = ""
    error_codes: tuple[int, ...] = ()
    trace_id: str = ""

    @property
    def number(self) -> str:
        """The first AADSTS code, or nothing."""
        return f"AADSTS{self.error_codes[0]}" if self.error_codes else ""

    @property
    def of_audience(self) -> bool:
        """Whether it says that nobody knows the audience."""
        return self.error == "invalid_resource" or not _UNKNOWN_AUDIENCE.isdisjoint(self.error_codes)


class _Token(JsonAnswer):
    access_token: str


@dataclass(frozen=True, slots=True)
class Answer(HttpAnswer):
    """An answer of Azure's."""

    @property
    def refusal(self) -> Refusal:
        """The error that it is, empty where it says none."""
        return Refusal.read(self.body) or Refusal()

    @property
    def ident(self) -> str:
        """The id by which Microsoft finds the request again, or nothing."""
        said = (self.refusal.trace_id, *(self.headers.get(name, "") for name in _IDS))
        return next(filter(None, map(as_code, said)), "")

    @property
    def token(self) -> Secret | None:
        """The access token in it, or none."""
        found = _Token.read(self.body) if self.status == 200 else None
        return as_secret(found.access_token) if found else None
