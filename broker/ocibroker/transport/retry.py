"""When a request is sent once more, and after which pause: the one layer that repeats anything.

Repeated is what may pass by itself: a connection that broke before an answer, and the statuses of a server in need.
``Retry-After`` is heeded in both its forms (RFC 9110 section 10.2.3); without it the pause has full jitter
(https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/).
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import httpx

from ocibroker.clock import Clock
from ocibroker.deadline import Deadline
from ocibroker.errors import ConnectionFailed, DeadlineExceeded, OcibrokerError, TLSFailed, WrongScheme
from ocibroker.transport.bounded import drain, drain_async
from ocibroker.transport.http_date import moment
from ocibroker.transport.pool import DEADLINE
from ocibroker.transport.wire import Wire

ATTEMPTS: Final = 3
"""In all, the first included."""

ONCE: Final = "ocibroker.once"
"""The request extension that says: whoever sends this repeats it, or takes no answer for an answer."""

AGAIN: Final = "ocibroker.again"
"""The request extension that says: to send this twice does nothing twice, although it is neither GET nor HEAD."""

_FIRST: Final = 0.25
_LONGEST: Final = 4.0
_PATIENCE: Final = 30.0
"""Seconds that a request without a deadline waits at most for its next attempt."""

_IN_NEED: Final = frozenset({429, 500, 502, 503, 504})
_FOR_EVER: Final = (TLSFailed, WrongScheme, DeadlineExceeded)
_SECONDS: Final = re.compile(r"\d{1,10}", re.ASCII)

Outcome = httpx.Response | OcibrokerError


def asked_pause(response: httpx.Response) -> float | None:
    """Return for how many seconds a server in need asks to be left alone, 0 for a moment that has passed.

    A moment counts from the answer's own ``Date``: our clock may be another. None for another answer, and where
    ``Retry-After`` is missing or illegible.
    """
    said = response.headers.get("retry-after", "").strip() if response.status_code in _IN_NEED else ""
    if _SECONDS.fullmatch(said):
        return float(said)
    until, now = moment(said), moment(response.headers.get("date", ""))
    return max(0.0, (until - now).total_seconds()) if until and now else None


@dataclass(frozen=True, slots=True)
class Retry:
    """Waits by ``clock``; ``draw`` returns a random number between two."""

    clock: Clock
    draw: Callable[[float, float], float] = random.uniform

    def pause(self, request: httpx.Request, outcome: Outcome, attempt: int) -> float | None:
        """Return the seconds to wait before ``request`` is sent again after that many attempts; none for never.

        Where its deadline would pass meanwhile, nobody waits for that.
        """
        if attempt >= ATTEMPTS or not _repeatable(request) or not _passing(outcome):
            return None
        told = asked_pause(outcome) if isinstance(outcome, httpx.Response) else None
        pause = self.draw(0.0, min(_LONGEST, _FIRST * 2**attempt)) if told is None else told
        return pause if pause < _left(request) else None


@dataclass(frozen=True, slots=True)
class RetryingWire:
    """Sends by ``wire``, again where that may help."""

    wire: Wire
    retry: Retry

    @property
    def whose(self) -> str:
        """Whose TLS it is, for error texts."""
        return self.wire.whose

    def send(self, request: httpx.Request) -> httpx.Response:
        """Return the response, its body unread."""
        attempt = 1
        while True:
            outcome: Outcome
            try:
                outcome = self.wire.send(request)
            except ConnectionFailed as error:
                outcome = error.restated()
            pause = self.retry.pause(request, outcome, attempt)
            if pause is None:
                return _settled(outcome)
            if isinstance(outcome, httpx.Response):
                drain(outcome)
            self.retry.clock.sleep(pause)
            attempt += 1

    async def send_async(self, request: httpx.Request) -> httpx.Response:
        """Return the response, its body unread."""
        import asyncio  # slow, and a command needs none of it

        attempt = 1
        while True:
            outcome: Outcome
            try:
                outcome = await self.wire.send_async(request)
            except ConnectionFailed as error:
                outcome = error.restated()
            pause = self.retry.pause(request, outcome, attempt)
            if pause is None:
                return _settled(outcome)
            if isinstance(outcome, httpx.Response):
                await drain_async(outcome)
            await asyncio.sleep(pause)
            attempt += 1

    async def rest(self) -> None:
        """Close what is idle and belongs to the running event loop."""
        await self.wire.rest()


def _settled(outcome: Outcome) -> httpx.Response:
    if isinstance(outcome, OcibrokerError):
        raise outcome
    return outcome


def _repeatable(request: httpx.Request) -> bool:
    wanted = request.method in {"GET", "HEAD"} or AGAIN in request.extensions
    return wanted and ONCE not in request.extensions and isinstance(request.stream, httpx.ByteStream)


def _passing(outcome: Outcome) -> bool:
    if isinstance(outcome, OcibrokerError):
        return isinstance(outcome, ConnectionFailed) and not isinstance(outcome, _FOR_EVER)
    return outcome.status_code in _IN_NEED


def _left(request: httpx.Request) -> float:
    deadline = request.extensions.get(DEADLINE)
    if not isinstance(deadline, Deadline):
        return _PATIENCE
    return 0.0 if deadline.passed else deadline.left()
