"""A request that carries no credential, and of which no challenge is answered."""

from __future__ import annotations

from typing import Final

import httpx

from ocibroker.credential import Anonymous
from ocibroker.deadline import Deadline
from ocibroker.given import Given
from ocibroker.origin import Origin
from ocibroker.transport import DEADLINE, Flow, PairedTransport, Wire, send
from ocibroker.transport.probe import SECONDS

_NOBODY: Final = Given(Anonymous("to see what the registry asks for"))


def ask(origin: Origin, path: str, wire: Wire) -> httpx.Response:
    """Return what ``origin`` answers to a GET of ``path``; raises what a connection raises."""
    request = httpx.Request("GET", f"{origin}{path}", extensions={DEADLINE: Deadline.after(SECONDS)})
    return PairedTransport(origin, wire, _NOBODY, _as_it_is).handle_request(request)


def _as_it_is(request: httpx.Request) -> Flow:
    return (yield from send(request, whole=True))
