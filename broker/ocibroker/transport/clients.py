"""httpx clients over a transport of ours: the one place that makes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import httpx

from ocibroker.deadline import Deadline
from ocibroker.errors import UsageError
from ocibroker.transport.fetch import FetchTransport, Notice
from ocibroker.transport.wire import Wire

TIMEOUT: Final = httpx.Timeout(30.0)
"""Seconds for each operation of a caller's request; the body of a large blob may take longer in total."""

_SETTINGS: Final = frozenset(
    {
        "cookies",
        "default_encoding",
        "event_hooks",
        "follow_redirects",
        "headers",
        "max_redirects",
        "params",
        "timeout",
    }
)
"""What may be set of a client: all else that httpx takes decides trust or route, and the policy does that."""


def make_client(transport: httpx.BaseTransport, base_url: str, settings: Mapping[str, Any]) -> httpx.Client:
    """Return a client that takes nothing from the environment and borrows ``transport``'s connections.

    ``settings`` are those of ``httpx.Client`` that decide neither trust nor route: headers, timeout, …
    Raises :class:`~ocibroker.errors.UsageError` for any other.
    """
    return httpx.Client(**_arguments(base_url, settings), transport=transport)


def make_async_client(
    transport: httpx.AsyncBaseTransport, base_url: str, settings: Mapping[str, Any]
) -> httpx.AsyncClient:
    """Return the asynchronous client of the same kind."""
    return httpx.AsyncClient(**_arguments(base_url, settings), transport=transport)


def make_fetch_client(wire: Wire, deadline: Deadline, notice: Notice, provider: str) -> httpx.Client:
    """Return the client of one fetch: no environment, no redirects, no cookies of anybody else's.

    ``notice`` is told of every answer and whose it is; ``provider`` is the name of who asks.
    """
    return httpx.Client(
        transport=FetchTransport(wire, deadline, notice, provider),
        headers={"accept-encoding": "identity"},  # a bound on what arrives is then one on what it unpacks to
        trust_env=False,
        follow_redirects=False,
        timeout=None,  # noqa: S113  # the deadline
    )


def _arguments(base_url: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    if foreign := sorted(settings.keys() - _SETTINGS):
        raise UsageError(
            f"{foreign[0]} is not the caller's to set here", culprit="client()", hint="configure it in [[tls]]"
        )
    defaults = {"base_url": base_url, "follow_redirects": True, "timeout": TIMEOUT}
    return {**defaults, **settings, "trust_env": False}
