"""A vendor's service that gives a token for something that lives longer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, TypeVar

from ocibroker.errors import CredentialUnavailable, IdentityRefused, OcibrokerError, as_code
from ocibroker.fetch_request import FetchRequest
from ocibroker.http_answer import HttpAnswer
from ocibroker.json_answer import JsonAnswer
from ocibroker.secret import Secret

A = TypeVar("A", bound=JsonAnswer)

_ELSE: Final = "look at what answers there, and at the proxy"


def _nothing() -> Mapping[int, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenService:
    """``name`` is for people. ``cures`` says what to do about a status; those in ``final`` are certain.

    After a certain refusal what the identity got before is dropped too. ``request_id`` is the header by which the
    vendor finds a request again.
    """

    name: str
    cures: Mapping[int, str] = field(default_factory=_nothing)
    final: frozenset[int] = frozenset()
    request_id: str = ""

    def ask(
        self,
        request: FetchRequest[Any],
        method: str,
        url: str,
        kind: type[A],
        *,
        bearer: Secret,
        **settings: Any,  # noqa: ANN401  # httpx's
    ) -> A:
        """Return what is answered to who shows ``bearer`` (RFC 6750); ``settings`` are httpx's.

        Raises :class:`~ocibroker.errors.CredentialUnavailable` or :class:`~ocibroker.errors.IdentityRefused` that
        shows nothing of the answer but its status and its id, and what a connection raises.
        """
        answer = self._answer(request, (method, url), kind, bearer, settings)
        if isinstance(answer, OcibrokerError):  # raised here, where no frame holds the token or what was answered
            raise answer
        return answer

    def nothing_in_it(self) -> CredentialUnavailable:
        """Return the error for an answer that is none."""
        return CredentialUnavailable(f"{self.name} answered without a token", hint=_ELSE)

    def _answer(
        self,
        request: FetchRequest[Any],
        asked: tuple[str, str],
        kind: type[A],
        bearer: Secret,
        settings: dict[str, Any],
    ) -> A | OcibrokerError:
        headers = {**settings.pop("headers", {}), "Authorization": f"Bearer {bearer.reveal()}"}
        try:
            answer = HttpAnswer.to(request.http, *asked, headers=headers, **settings)
        except OcibrokerError as error:
            return error.restated()
        if answer.status not in {200, 201}:
            return self._refused(answer)
        return kind.read(answer.body) or self.nothing_in_it()

    def _refused(self, answer: HttpAnswer) -> CredentialUnavailable:
        kind = IdentityRefused if answer.status in self.final else CredentialUnavailable
        ident = as_code(answer.headers.get(self.request_id, "")) if self.request_id else ""
        hint = self.cures.get(answer.status, answer.or_later("compare the rule with the vendor's settings"))
        return kind(f"{self.name} refused: {answer.named(ident=ident)}", hint=hint, request_id=ident)
