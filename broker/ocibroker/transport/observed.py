"""Requests that are told of: who was asked, how it went, and how long that took."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from ocibroker.events import Report, Requested
from ocibroker.transport.rate_limits import RateLimits
from ocibroker.transport.wire import Wire

PROVIDER = "ocibroker.provider"
"""The request extension that names the provider that asks."""


@dataclass(frozen=True, slots=True)
class ObservedWire:
    """Sends by ``wire`` and reports each attempt; seconds are those of ``monotonic``, up to the answer's head.

    ``limits`` takes note of each answer.
    """

    wire: Wire
    report: Report
    monotonic: Callable[[], float]
    limits: RateLimits

    @property
    def whose(self) -> str:
        """Whose TLS it is, for error texts."""
        return self.wire.whose

    def send(self, request: httpx.Request) -> httpx.Response:
        """Return the response, its body unread."""
        with self._told(request) as answers:
            answers.append(self.wire.send(request))
        return answers[0]

    async def send_async(self, request: httpx.Request) -> httpx.Response:
        """Return the response, its body unread."""
        with self._told(request) as answers:
            answers.append(await self.wire.send_async(request))
        return answers[0]

    async def rest(self) -> None:
        """Close what is idle and belongs to the running event loop."""
        await self.wire.rest()

    @contextmanager
    def _told(self, request: httpx.Request) -> Iterator[list[httpx.Response]]:
        began, answers, error = self.monotonic(), list[httpx.Response](), ""
        try:
            yield answers
        except BaseException as failure:
            error = type(failure).__name__
            raise
        else:
            self.limits.note(request.url.host, answers[0].headers)
        finally:
            if self.report.wanted(Requested.level):
                self.report(
                    Requested(
                        provider=request.extensions.get(PROVIDER),
                        host=request.url.host,
                        seconds=self.monotonic() - began,
                        status=answers[0].status_code if answers else None,
                        error=error,
                    )
                )
