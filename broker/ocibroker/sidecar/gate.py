"""What every request passes on its way to the application: its caller's rate, and nothing of its failures leaks."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from ocibroker.sidecar.denial import Denied
from ocibroker.sidecar.listener import Listener
from ocibroker.sidecar.peer import Peer
from ocibroker.sidecar.rates import Rates
from ocibroker.sidecar.repeats import Repeat

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]
"""An application by the ASGI specification, version 3 (https://asgi.readthedocs.io/en/latest/specs/www.html)."""

_TOO_MANY = b'{"title":"Too Many Requests","status":429,"code":"too_many_requests"}'


class Gate:
    """An application before the application, and before what answers in its stead where a request repeats."""

    __slots__ = ("_application", "_denied", "_penalty", "_rates", "_repeat")

    def __init__(
        self, application: Application, rates: Rates, penalty: float, denied: Denied, repeat: Repeat
    ) -> None:
        self._application = application
        self._repeat = repeat
        self._rates = rates
        self._penalty = penalty
        self._denied = denied

    def repeat(self, listener: Listener, peer: Peer, request: bytes) -> bytes | None:
        """Return the whole answer to a request that repeats; none where it has to be read, and refused maybe."""
        key = _key(listener, peer)
        if self._rates.full(key) or (answer := self._repeat(listener, peer, request)) is None:
            return None
        self._rates.wait(key)
        return answer

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer 429 with ``Retry-After`` to who asks too often; else have the application answer.

        Raises ``RuntimeError`` that names the kind of what the application has raised, and no more of it.
        """
        state = scope["state"]
        if seconds := self._rates.wait(_key(state["listener"], state["peer"])):
            self._denied(state["listener"].name, state["peer"], "rate")
            # Meanwhile nothing is read of this connection: what is refused costs little.
            await asyncio.sleep(self._penalty)
            await _refuse(send, seconds)
            return
        try:
            await self._application(scope, receive, send)
        except asyncio.CancelledError:
            return  # its caller has been cut off
        except BaseException as error:  # noqa: BLE001  # also what a plugin raises to end the process
            kind = type(error).__name__
        else:
            return
        raise RuntimeError(f"the application has raised {kind}")


def _key(listener: Listener, peer: Peer) -> str:
    return f"{listener.name} {peer.key}"


async def _refuse(send: Send, seconds: float) -> None:
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(_TOO_MANY)).encode()),
        (b"retry-after", str(math.ceil(seconds)).encode()),
    ]
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send({"type": "http.response.body", "body": _TOO_MANY})
