"""The way of one fetch, step by step, and the error where it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar

from ocibroker.provider import Clock, CredentialUnavailable, IdentityRefused, OcibrokerError, as_code
from ocibroker_ecr.faults import CODES, FAULTS, LATER, OF_TIME, REVOKED
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

    def refused(self, operation: str, code: str, status: int, ident: str, date: str) -> OcibrokerError:
        """Return the error for an answer of AWS's; of what it says only codes and ids are shown."""
        named = f"{code}, status {status}" if as_code(code) else f"status {status}"
        hint = CODES.get(code, LATER if status == 429 or status >= 500 else "see docs/ecr.md")
        if code in OF_TIME and (off := _skew(date, self.clock.now())):
            hint = f"set this machine's clock, which is {off} seconds off"
        ident = as_code(ident)
        known = f", request id {ident}" if ident else ""
        kind = IdentityRefused if code in REVOKED else CredentialUnavailable
        return kind(f"{operation} was refused: {named}{known}; tried {self}", hint=hint, request_id=ident)

    def refused_by(self, operation: str, answer: Answer) -> OcibrokerError:
        """Return the same for an answer to a request of our own."""
        ident, date = answer.headers.get("x-amzn-requestid", ""), answer.headers.get("date", "")
        return self.refused(operation, answer.code, answer.status, ident, date)

    def _said(self, step: str, error: Exception) -> OcibrokerError:
        """Return our error for one of botocore's."""
        response = getattr(error, "response", None)
        if not isinstance(response, dict):
            other = f"the SDK raised {type(error).__name__}", "see docs/ecr.md"
            why, hint = FAULTS.get(type(error).__name__, other)
            return CredentialUnavailable(f"{step} failed: {why}; tried {self}", hint=hint)
        told, operation = response.get("ResponseMetadata", {}), getattr(error, "operation_name", step)
        return self.refused(
            operation,
            response.get("Error", {}).get("Code", ""),
            told.get("HTTPStatusCode", 0),
            told.get("RequestId", ""),
            told.get("HTTPHeaders", {}).get("date", ""),
        )


def _skew(date: str, now: datetime) -> int:
    """Return by how many seconds ``now`` is off an answer's ``Date``, or 0 where AWS would not mind."""
    try:
        off = now - parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return 0
    return round(off.total_seconds()) if abs(off) > _SKEW else 0
