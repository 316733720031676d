"""A transport of the caller's own: used as it is, never looked into, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import httpx

from ocibroker.errors import OcibrokerError, TransportRefused
from ocibroker.transport.address import origin_of
from ocibroker.transport.body import AsyncBody, Body
from ocibroker.transport.faults import FAULTS, fault

_MARK: Final = "wrap it: CallerTransport(transport)"


@dataclass(frozen=True, slots=True)
class CallerTransport:
    """Marks ``transport`` as the caller's own: its TLS settings hold, and errors say so.

    Raises :class:`~ocibroker.errors.TransportRefused` for anything that is no httpx transport, ``None`` first
    of all: that was the fault of fleet#3782.
    """

    transport: httpx.BaseTransport | httpx.AsyncBaseTransport

    def __post_init__(self) -> None:
        given: object = self.transport
        if given is None:
            raise TransportRefused(
                "CallerTransport(None) holds no transport", culprit="transport", hint="leave it out"
            )
        if not isinstance(given, httpx.BaseTransport | httpx.AsyncBaseTransport):
            raise TransportRefused(
                f"CallerTransport holds a {_name(given)}",
                culprit="transport",
                hint="give an httpx.BaseTransport or httpx.AsyncBaseTransport",
            )


def own(given: object) -> CallerTransport | None:
    """Return what the caller marked as its own, or none for none.

    Raises :class:`~ocibroker.errors.TransportRefused` that names the type of anything unmarked.
    """
    if given is None or isinstance(given, CallerTransport):
        return given
    raise TransportRefused(f"a {_name(given)} was handed over unmarked", culprit="transport", hint=_MARK)


class CallerWire:
    """Sends by the caller's transport."""

    def __init__(self, mark: CallerTransport) -> None:
        self._transport = mark.transport
        self.whose = f"the caller's transport ({_name(mark.transport)})"

    def send(self, request: httpx.Request) -> httpx.Response:
        """Return the response, its body unread."""
        if not isinstance(self._transport, httpx.BaseTransport):
            raise self._one_sided("asynchronous")
        try:
            return self._checked(self._transport.handle_request(request), request)
        except Exception as error:  # noqa: BLE001  # whatever it raises, the caller of the broker gets a typed error
            failure = self._fault(error, request)
        raise failure

    async def send_async(self, request: httpx.Request) -> httpx.Response:
        """Return the response, its body unread."""
        if not isinstance(self._transport, httpx.AsyncBaseTransport):
            raise self._one_sided("synchronous")
        try:
            return self._checked(await self._transport.handle_async_request(request), request)
        except Exception as error:  # noqa: BLE001  # as above
            failure = self._fault(error, request)
        raise failure

    async def rest(self) -> None:
        """Do nothing: the caller closes what is the caller's."""

    def _checked(self, answer: object, request: httpx.Request) -> httpx.Response:
        """Return the answer, which must be one, so that reading its body raises typed errors as well."""
        if not isinstance(answer, httpx.Response):
            raise TransportRefused(
                f"gave a {_name(answer)} for a response", culprit=self.whose, hint="mend that transport"
            )
        stream = answer.stream
        if isinstance(stream, httpx.ByteStream):  # in memory, and read already
            return answer

        def explain(error: Exception) -> OcibrokerError:
            return self._fault(error, request, answered=True)

        if isinstance(stream, httpx.SyncByteStream):
            answer.stream = Body(stream, explain, stream.close)
        else:
            answer.stream = AsyncBody(stream, explain, stream.aclose)
        return answer

    def _fault(self, error: Exception, request: httpx.Request, *, answered: bool = False) -> OcibrokerError:
        if isinstance(error, FAULTS):
            return fault(error, origin_of(request.url), self.whose, answered=answered)
        return TransportRefused(f"raised {_name(error)}", culprit=self.whose, hint="mend that transport")

    def _one_sided(self, side: str) -> TransportRefused:
        return TransportRefused(f"is {side} only", culprit=self.whose, hint="give one for this way of calling")


def _name(thing: object) -> str:
    kind = type(thing)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
