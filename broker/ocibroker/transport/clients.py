"""httpx clients over a transport of ours: the one place that makes them."""

from __future__ import annotations

from typing import Any, Final

import httpx

from ocibroker.deadline import Deadline
from ocibroker.transport.direct import FetchTransport
from ocibroker.transport.wire import Wire

TIMEOUT: Final = httpx.Timeout(30.0)
"""Seconds for each operation of a caller's request; the body of a large blob may take longer in total."""


def make_client(transport: httpx.BaseTransport, base_url: str, **settings: Any) -> httpx.Client:  # noqa: ANN401
    """Return a client that takes nothing from the environment and borrows ``transport``'s connections.

    ``settings`` are those of ``httpx.Client`` that decide neither trust nor route: headers, timeout, …
    """
    return httpx.Client(**_arguments(base_url, settings), transport=transport)


def make_async_client(
    transport: httpx.AsyncBaseTransport,
    base_url: str,
    **settings: Any,  # noqa: ANN401
) -> httpx.AsyncClient:
    """Return the asynchronous client of the same kind."""
    return httpx.AsyncClient(**_arguments(base_url, settings), transport=transport)


def make_fetch_client(wire: Wire, deadline: Deadline) -> httpx.Client:
    """Return the client of one fetch: no environment, no redirects, no cookies of anybody else's."""
    return httpx.Client(transport=FetchTransport(wire, deadline), trust_env=False, follow_redirects=False)


def _arguments(base_url: str, settings: dict[str, Any]) -> dict[str, Any]:
    defaults = {"base_url": base_url, "follow_redirects": True, "timeout": TIMEOUT}
    return {**defaults, **settings, "trust_env": False}
