"""Requests that are told of: who was asked, how it went, and how long that took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final

import httpx

from ocibroker.clock import Clock
from ocibroker.errors import as_code
from ocibroker.events import Report, Requested
from ocibroker.origin import DEFAULT_PORT
from ocibroker.tracing import Note, span
from ocibroker.transport.http_date import moment
from ocibroker.transport.wire import Wire

PROVIDER = "ocibroker.provider"
"""The request extension that names the provider that asks."""

_IDENTS: Final = (
    "x-amzn-requestid",
    "x-amz-request-id",
    "x-ms-request-id",
    "x-ms-correlation-request-id",
    "x-request-id",
)
"""Headers that say what the other side calls a request: AWS, Azure, and most proxies."""


@dataclass(frozen=True, slots=True)
class ObservedWire:
    """Sends by ``wire`` and reports each attempt; seconds are those of ``clock``, up to the answer's head."""

    wire: Wire
    report: Report
    clock: Clock

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
        began, answers, error = self.clock.monotonic(), list[httpx.Response](), ""
        try:
            with span(request.method, _attributes(request), client=True) as note:
                yield answers
                _note(note, answers)
        except BaseException as failure:
            error = type(failure).__name__
            raise
        finally:
            if self.report.wanted(Requested.level):
                seconds = self.clock.monotonic() - began
                self.report(_requested(request, answers[0] if answers else None, seconds, error, self.clock.now()))


def _attributes(request: httpx.Request) -> Mapping[str, str | int]:
    """Return what is told of a request: no URL, which may hold a signature, no header and no body."""
    port = request.url.port or DEFAULT_PORT["http" if request.url.scheme == "http" else "https"]
    return {"http.request.method": request.method, "server.address": request.url.host, "server.port": port}


def _note(note: Note, answers: Sequence[httpx.Response]) -> None:
    for answer in answers:
        note("http.response.status_code", answer.status_code)
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            note("error.type", str(answer.status_code))


def _requested(
    request: httpx.Request, answer: httpx.Response | None, seconds: float, error: str, now: datetime
) -> Requested:
    return Requested(
        provider=request.extensions.get(PROVIDER),
        host=request.url.host,
        seconds=seconds,
        status=answer.status_code if answer is not None else None,
        error=error,
        request_id=_ident(answer) if answer is not None else "",
        skew=_skew(answer, now) if answer is not None else None,
    )


def _ident(answer: httpx.Response) -> str:
    return next(filter(None, (as_code(answer.headers.get(name)) for name in _IDENTS)), "")


def _skew(answer: httpx.Response, now: datetime) -> float | None:
    """Return by how much the other side's ``Date`` is ahead, to the second; none of no date."""
    said = moment(answer.headers.get("date", ""))
    return (said - now).total_seconds() if said else None
