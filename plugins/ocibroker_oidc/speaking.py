"""What speaks to a service for one request, and what it says when it is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from ocibroker.provider import (
    CredentialUnavailable,
    FetchRequest,
    HttpAnswer,
    IdentityRefused,
    JsonAnswer,
    NoIdentity,
    Secret,
    Trust,
    as_secret,
)

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_LATER: Final = "try again later; one broker for all callers asks least"
_COMPARE: Final = "compare what the service trusts with the token's issuer, audience and subject, and its expiry"
_REVOKED: Final = frozenset({"access_denied", "unauthorized_client", "invalid_grant"})
_CODES: Final = _REVOKED | {
    *("invalid_request", "invalid_client", "unsupported_grant_type", "invalid_scope", "invalid_target"),
    *("server_error", "temporarily_unavailable"),
}
"""Those of OAuth (RFC 6749, 4.1.2.1 and 5.2; RFC 8693, 2.2.2), and those of them that refuse an identity."""


class _Refusal(JsonAnswer):
    error: object = None
    """Of OAuth a code, of others any text."""


@dataclass(frozen=True, slots=True)
class Speaking:
    """Speaks to services for ``request``."""

    request: FetchRequest[Any]

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = NOTHING,
        content: bytes | None = None,
        trust: Trust | None = None,
        seconds: float | None = None,
    ) -> HttpAnswer:
        """Send one request and read its answer; ``seconds`` bound both, within the deadline.

        ``trust`` is how the host is trusted, unless a ``[[tls]]`` entry says so.

        Raises what a connection raises.
        """
        http = self.request.trusting(url, trust) if trust else self.request.http
        accepting = {"Accept": "application/json", **headers}
        return HttpAnswer.to(http, method, url, headers=accepting, content=content, timeout=seconds)

    def refused(self, who: str, answer: HttpAnswer) -> CredentialUnavailable:
        """Return the error for an answer that gives nothing; of what it says only a code is shown."""
        said = _Refusal.read(answer.body)
        code = said.error if said and isinstance(said.error, str) and said.error in _CODES else ""
        kind = IdentityRefused if code in _REVOKED and not answer.busy else CredentialUnavailable
        return kind(
            f"refused the token: {answer.named(code)}", culprit=who, hint=_LATER if answer.busy else _COMPARE
        )

    def failed(self, who: str, why: str, hint: str) -> CredentialUnavailable:
        """Return the error that says what is wrong with ``who``."""
        return CredentialUnavailable(why, culprit=who, hint=hint)

    def absent(self, who: str, why: str, hint: str) -> NoIdentity:
        """Return the error for a source that is not there at all."""
        return NoIdentity(why, culprit=who, hint=hint)

    def secret(self, who: str, text: str) -> Secret:
        """Return the token that an answer of ``who`` is said to hold.

        Raises :class:`~ocibroker.errors.CredentialUnavailable` where it can be none.
        """
        if (secret := as_secret(text)) is None:
            raise self.without(who)
        return secret

    def without(self, who: str) -> CredentialUnavailable:
        """Return the error for an answer without what was asked for."""
        return self.failed(who, "answered without a token", "something else answers in its place: look at the URL")

    def ended(self, who: str) -> CredentialUnavailable:
        """Return the error for a token whose end has passed."""
        return self.failed(who, "gave a token that has expired", "set this machine's clock")
