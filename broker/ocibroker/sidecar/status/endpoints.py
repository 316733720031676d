"""Where the status is asked for: ``/`` for people, ``/status.json`` for programs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import msgspec

from ocibroker.api import Problem
from ocibroker.api.status import Status
from ocibroker.config import Address
from ocibroker.host import address_of
from ocibroker.sidecar.message import Call, Endpoint, Reply
from ocibroker.sidecar.problem import reply
from ocibroker.sidecar.status.page import CONTENT_TYPE, page
from ocibroker.sidecar.status.style import HEADERS
from ocibroker.sidecar.status.view import View


def status_endpoints(
    status: Callable[[int], Awaitable[Status]], address: Address
) -> Mapping[tuple[str, str], Endpoint]:
    """Return what a listener at ``address`` shows to this machine alone: it names identities, as metrics do not."""

    async def for_people(call: Call) -> Reply:
        if not _from_here(call, address):
            return _ELSEWHERE
        view = View.of(call.query)
        text = page(await status(view.page), view)
        return Reply(content_type=CONTENT_TYPE, headers=HEADERS, body=text.encode())

    async def for_programs(call: Call) -> Reply:
        if not _from_here(call, address):
            return _ELSEWHERE
        return Reply(headers=HEADERS, body=msgspec.json.encode(await status(View.of(call.query).page)))

    return {("GET", "/"): for_people, ("GET", "/status.json"): for_programs}


_ELSEWHERE = reply(
    Problem.of(403, "status_refused", "is shown on this machine only", hint="ask from there, or by `kubectl exec`")
)


def _from_here(call: Call, address: Address) -> bool:
    """Whether the caller's address is loopback, or the listener's own: no other machine can connect from it."""
    peer = address_of(call.peer.address)
    return peer is not None and (peer.is_loopback or peer == address_of(address.host))
