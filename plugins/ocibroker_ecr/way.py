"""The way of one fetch, step by step, and the error where it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, TypeVar

from ocibroker.provider import Clock, CredentialUnavailable, HttpAnswer, IdentityRefused, OcibrokerError, as_code
from ocibroker_ecr.faults import CODES, FAULTS, OF_TIME, REVOKED
from ocibroker_ecr.sdk import Sdk
from ocibroker_ecr.wire import Answer

T = TypeVar("T")

_SKEW: Final = timedelta(minutes=5)
"""AWS refuses a signature whose time is further off."""


@dataclass(slots=True)
class Way:
    """``tried`` is what an error tells of the way."""

    sdk: Sdk
    clock: Clock
    tried: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return ", ".join(self.tried) or "nothing yet"

    def step(self, name: str, work: Callable[[], T]) -> T:
        """Return what ``work`` does; whatever the SDK raises becomes one line, without what AWS has written."""
        try:
            return work()
        except OcibrokerError as error:
            failure = error.restated()
        except Exception as error:  # noqa: BLE001  # an SDK may raise anything
            failure = self.sdk.failure or self._said(name, error)
        raise failure

    def refused_by(self, operation: str, answer: Answer) -> OcibrokerError:
        """Return the error for an answer to a request of our own; of what it says only codes and ids are shown."""
        return self._refused(operation, answer.code, answer.headers.get("x-amzn-requestid", ""), answer)

    def _refused(self, operation: str, code: str, ident: str, answer: HttpAnswer) -> OcibrokerError:
        hint = CODES.get(code, answer.or_later("see docs/ecr.md"))
        if code in OF_TIME:
            hint = answer.clock_cure(self.clock.now(), _SKEW) or hint
        ident = as_code(ident)
        named = answer.named(as_code(code), ident=ident)
        kind = IdentityRefused if code in REVOKED else CredentialUnavailable
        return kind(f"{operation} was refused: {named}; tried {self}", hint=hint, request_id=ident)

    def _said(self, step: str, error: Exception) -> OcibrokerError:
        """Return our error for one of botocore's."""
        response = getattr(error, "response", None)
        if not isinstance(response, dict):
            other = f"the SDK raised {type(error).__name__}", "see docs/ecr.md"
            why, hint = FAULTS.get(type(error).__name__, other)
            return CredentialUnavailable(f"{step} failed: {why}; tried {self}", hint=hint)
        told, operation = response.get("ResponseMetadata", {}), getattr(error, "operation_name", step)
        answer = HttpAnswer(told.get("HTTPStatusCode", 0), told.get("HTTPHeaders", {}), b"")
        return self._refused(
            operation, response.get("Error", {}).get("Code", ""), told.get("RequestId", ""), answer
        )
