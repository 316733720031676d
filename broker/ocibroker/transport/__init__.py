"""Connections, and the transport that binds a credential to its origin.

This and ``tls`` are the only rooms that make TLS contexts of clients and httpx clients.
"""

from ocibroker.transport.address import origin_of
from ocibroker.transport.caller import CallerTransport, CallerWire, own
from ocibroker.transport.clients import make_async_client, make_client, make_fetch_client
from ocibroker.transport.leases import Leases
from ocibroker.transport.local import LocalClient
from ocibroker.transport.network import Route, direct
from ocibroker.transport.observed import ObservedWire
from ocibroker.transport.paired import PairedTransport
from ocibroker.transport.pool import DEADLINE
from ocibroker.transport.pools import Pools
from ocibroker.transport.retry import AGAIN, ONCE, Retry, RetryingWire, asked_pause
from ocibroker.transport.steps import Answer, Ask, Authentication, Flow, Send, Source, Step, ask, send
from ocibroker.transport.wire import Wire

__all__ = [
    "AGAIN",
    "DEADLINE",
    "ONCE",
    "Answer",
    "Ask",
    "Authentication",
    "CallerTransport",
    "CallerWire",
    "Flow",
    "Leases",
    "LocalClient",
    "ObservedWire",
    "PairedTransport",
    "Pools",
    "Retry",
    "RetryingWire",
    "Route",
    "Send",
    "Source",
    "Step",
    "Wire",
    "ask",
    "asked_pause",
    "direct",
    "make_async_client",
    "make_client",
    "make_fetch_client",
    "origin_of",
    "own",
    "send",
]
