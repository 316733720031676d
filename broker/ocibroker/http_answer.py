"""What a vendor's service answers to one request, and how that is told without what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Self

from ocibroker.errors import OcibrokerError

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An HTTP answer, read whole. What it says is shown only where it is a code or an id by its looks."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @classmethod
    def to(cls, http: httpx.Client, method: str, url: str, **settings: Any) -> Self:  # noqa: ANN401  # httpx's
        """Return the answer to one request; ``settings`` are httpx's.

        Raises what a connection raises, without the frames below, which hold what is sent.
        """
        try:
            response = http.request(method, url, **settings)
            return cls(response.status_code, response.headers, response.content)
        except OcibrokerError as error:
            failure = error.restated()
        raise failure

    @property
    def busy(self) -> bool:
        """Whether the service is busy or broken, so that the same request may succeed later."""
        return self.status == 429 or self.status >= 500

    def or_later(self, cure: str) -> str:
        """Return ``cure``, or to try again later where the service is busy."""
        return "try again later" if self.busy else cure

    def named(self, *codes: str, ident: str = "") -> str:
        """Return how a refusal is told: by those ``codes`` that are not empty, the status, and the request's id."""
        known = f"request id {ident}" if ident else ""
        return ", ".join(filter(None, (*codes, f"status {self.status}", known)))

    def clock_cure(self, now: datetime, tolerated: timedelta) -> str:
        """Return what to do where ``now`` is further than ``tolerated`` off the answer's ``Date``, else nothing."""
        try:
            off = now - parsedate_to_datetime(self.headers.get("date", ""))
        except (TypeError, ValueError, OverflowError):  # TypeError: no zone is said, so it may be any
            return ""
        seconds = round(off.total_seconds())
        return f"set this machine's clock, which is {seconds} seconds off" if abs(off) > tolerated else ""
