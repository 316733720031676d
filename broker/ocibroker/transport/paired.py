"""The transport of an access: bound to one origin, it adds that origin's credential and no other's."""

from __future__ import annotations

from typing import Final

import httpx

from ocibroker.errors import OcibrokerError, WrongScheme
from ocibroker.origin import Origin
from ocibroker.transport.bounded import (
    drain,
    drain_async,
    read_whole,
    read_whole_async,
    set_aside,
    set_aside_async,
)
from ocibroker.transport.hops import bound, check_redirect, clean
from ocibroker.transport.public import PublicTransport
from ocibroker.transport.steps import REFUSALS, Answer, Ask, Authentication, Source, Step
from ocibroker.transport.wire import Wire

_TLS_EXPECTED: Final = (b"HTTP request to an HTTPS server", b"plain HTTP request was sent to HTTPS port")
"""What Go's net/http and nginx answer, with status 400, to plain HTTP on a TLS port."""


class PairedTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Sends requests to ``origin`` with its credential, and answers that origin's challenges, hop by hop.

    A direct request to another origin raises; a redirect of GET or HEAD to one is followed without credential.
    Connections come from ``wire``, which trusts each host by its own policy. Closing this transport closes no
    connection that others use: the broker owns them.
    """

    def __init__(self, origin: Origin, wire: Wire, source: Source, authentication: Authentication) -> None:
        self._origin = origin
        self._wire = wire
        self._source = source
        self._authentication = authentication

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request``; every error is an :class:`~ocibroker.errors.OcibrokerError`."""
        response = self._send_own(request) if bound(request, self._origin) else self._send_foreign(request)
        if refusal := check_redirect(request, response):
            response.close()
            raise refusal
        return response

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request``; every error is an :class:`~ocibroker.errors.OcibrokerError`."""
        if bound(request, self._origin):
            response = await self._send_own_async(request)
        else:
            response = await self._wire.send_async(clean(request, keep_secrets=False))
        if refusal := check_redirect(request, response):
            await response.aclose()
            raise refusal
        return response

    def close(self) -> None:
        """Do nothing: the connections belong to the broker."""

    async def aclose(self) -> None:
        """Close the connections of this event loop that nobody uses: it may end before the broker does."""
        await self._wire.rest()

    def public(self) -> PublicTransport:
        """Return a transport over the same connections that sends no credential, and to any host."""
        return PublicTransport(self._wire)

    @property
    def whose(self) -> str:
        """Whose TLS it is: the broker's, or that of a transport of the caller's."""
        return self._wire.whose

    def __repr__(self) -> str:
        return f"<PairedTransport {self._origin}, TLS by {self._wire.whose}>"

    def _send_foreign(self, request: httpx.Request) -> httpx.Response:
        return self._wire.send(clean(request, keep_secrets=False))

    def _send_own(self, request: httpx.Request) -> httpx.Response:
        flow = self._authentication(clean(request, keep_secrets=True))
        earlier: httpx.Response | None = None
        try:
            step = next(flow)
            while True:
                if earlier is not None:
                    drain(earlier)
                answer = self._answer(step)
                earlier = answer if isinstance(answer, httpx.Response) else None
                step = flow.send(answer)
        except StopIteration as done:
            return _returned(done)
        except BaseException:
            if earlier is not None:
                earlier.close()
            raise

    async def _send_own_async(self, request: httpx.Request) -> httpx.Response:
        flow = self._authentication(clean(request, keep_secrets=True))
        earlier: httpx.Response | None = None
        try:
            step = next(flow)
            while True:
                if earlier is not None:
                    await drain_async(earlier)
                answer = await self._answer_async(step)
                earlier = answer if isinstance(answer, httpx.Response) else None
                step = flow.send(answer)
        except StopIteration as done:
            return _returned(done)
        except BaseException:
            if earlier is not None:
                await earlier.aclose()
            raise

    def _answer(self, step: Step) -> Answer:
        if isinstance(step, Ask):
            return self._source.current(step.refused)
        response = self._wire.send(step.request)
        if step.whole or _doubtful(step.request, response):
            response = read_whole(response)
        elif response.status_code in REFUSALS:
            response = set_aside(response)
        return _spoken(step.request, response)

    async def _answer_async(self, step: Step) -> Answer:
        if isinstance(step, Ask):
            return await self._source.current_async(step.refused)
        response = await self._wire.send_async(step.request)
        if step.whole or _doubtful(step.request, response):
            response = await read_whole_async(response)
        elif response.status_code in REFUSALS:
            response = await set_aside_async(response)
        return _spoken(step.request, response)


def _returned(done: StopIteration) -> httpx.Response:
    response: httpx.Response = done.value
    return response


def _doubtful(request: httpx.Request, response: httpx.Response) -> bool:
    # A server that expected TLS has not read what encodings would be understood.
    plain = request.url.scheme == "http" and "content-encoding" not in response.headers
    return plain and response.status_code == httpx.codes.BAD_REQUEST


def _spoken(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    if _doubtful(request, response) and any(text in response.content for text in _TLS_EXPECTED):
        raise _wrong_scheme(request)
    return response


def _wrong_scheme(request: httpx.Request) -> OcibrokerError:
    where = f"http://{request.url.netloc.decode('ascii')}"
    return WrongScheme("speaks HTTPS where plain HTTP was expected", culprit=where, hint="remove plain_http")
