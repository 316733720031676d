"""One fetch: whom it speaks through, what it has tried, and what it says when it is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode

from ocibroker.provider import CredentialUnavailable, FetchRequest, HttpAnswer
from ocibroker_gar.faults import Step
from ocibroker_gar.options import GarOptions
from ocibroker_gar.refusal import refusal_in
from ocibroker_gar.token import Token, granted

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})

_SKEW: Final = timedelta(minutes=5)
"""Google refuses an assertion whose time is further off."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A request, the universe it is made in, and ``tried``: what an error tells of the way."""

    request: FetchRequest[GarOptions]
    universe: str
    tried: list[str] = field(default_factory=list)

    def exchange(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = _NOTHING,
        content: bytes | None = None,
        seconds: float | None = None,
    ) -> HttpAnswer:
        """Send one request and read its answer; ``seconds`` bound both, within the deadline.

        Raises what a connection raises.
        """
        return HttpAnswer.to(self.request.http, method, url, headers=headers, content=content, timeout=seconds)

    def grant(self, step: Step, url: str, form: Mapping[str, str], headers: Mapping[str, str] = _NOTHING) -> Token:
        """Return the token that an OAuth token endpoint gives for ``form``."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self.exchange("POST", url, headers={**kind, **headers}, content=urlencode(form).encode())
        return self.token(step, answer, granted)

    def token(self, step: Step, answer: HttpAnswer, read: Callable[[bytes, datetime], Token | None]) -> Token:
        """Return the token in an answer; raises :class:`~ocibroker.errors.CredentialUnavailable`."""
        if answer.status != 200:
            raise self.refused(step, answer)
        now = self.request.clock.now()
        if (token := read(answer.body, now)) is None:
            hint = "something else answers in Google's place: look at the proxy, and at the [[tls]] entry"
            raise self.failed(f"{step.name} was answered without a token", hint)
        if token.expires_at <= now:
            raise self.failed("the token has expired by this machine's clock", "set this machine's clock")
        return token

    def refused(self, step: Step, answer: HttpAnswer) -> CredentialUnavailable:
        """Return the error for an answer of Google's; of what it says only codes and ids are shown."""
        said = refusal_in(answer.body)
        named = answer.named(*said.codes, ident=said.request_id)
        cures = (step.cures[code] for code in reversed(said.codes) if code in step.cures)
        hint = next(cures, answer.or_later("see docs/gar.md"))
        if step.dated and answer.status == 400:
            hint = answer.clock_cure(self.request.clock.now(), _SKEW) or hint
        return self.failed(f"{step.name} was refused: {named}", hint, said.request_id)

    def failed(self, why: str, hint: str, request_id: str = "") -> CredentialUnavailable:
        """Return the error that says ``why``, and what was tried."""
        tried = ", ".join(self.tried) or "nothing yet"
        return CredentialUnavailable(f"{why}; tried {tried}", hint=hint, request_id=request_id)
