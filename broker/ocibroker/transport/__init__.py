"""Connections, and the transport that binds a credential to its origin.

This and ``tls`` are the only rooms that make TLS contexts of clients and httpx clients.

Its modules are imported when they are used: an answer that is remembered needs no connection, and so no httpx.
"""

from typing import TYPE_CHECKING

from ocibroker.lazily import resolve

if TYPE_CHECKING:
    from ocibroker.transport.address import origin_of
    from ocibroker.transport.caller import CallerTransport, CallerWire, own
    from ocibroker.transport.clients import make_async_client, make_client, make_fetch_client
    from ocibroker.transport.connections import Connections
    from ocibroker.transport.hops import is_nowhere
    from ocibroker.transport.leases import Leases
    from ocibroker.transport.local import LocalClient
    from ocibroker.transport.loopback import PlainAnswer, ask_plainly
    from ocibroker.transport.observed import ObservedWire
    from ocibroker.transport.paired import PairedTransport
    from ocibroker.transport.pairing import Pairing
    from ocibroker.transport.pool import DEADLINE
    from ocibroker.transport.pools import Pools
    from ocibroker.transport.retry import AGAIN, ONCE, Retry, RetryingWire, asked_pause
    from ocibroker.transport.route import Route, direct
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
    "Connections",
    "Flow",
    "Leases",
    "LocalClient",
    "ObservedWire",
    "PairedTransport",
    "Pairing",
    "PlainAnswer",
    "Pools",
    "Retry",
    "RetryingWire",
    "Route",
    "Send",
    "Source",
    "Step",
    "Wire",
    "ask",
    "ask_plainly",
    "asked_pause",
    "direct",
    "is_nowhere",
    "make_async_client",
    "make_client",
    "make_fetch_client",
    "origin_of",
    "own",
    "send",
]

_HOME = {
    "AGAIN": "retry",
    "DEADLINE": "pool",
    "ONCE": "retry",
    "Answer": "steps",
    "Ask": "steps",
    "Authentication": "steps",
    "CallerTransport": "caller",
    "CallerWire": "caller",
    "Connections": "connections",
    "Flow": "steps",
    "Leases": "leases",
    "LocalClient": "local",
    "ObservedWire": "observed",
    "PairedTransport": "paired",
    "Pairing": "pairing",
    "PlainAnswer": "loopback",
    "Pools": "pools",
    "Retry": "retry",
    "RetryingWire": "retry",
    "Route": "route",
    "Send": "steps",
    "Source": "steps",
    "Step": "steps",
    "Wire": "wire",
    "ask": "steps",
    "ask_plainly": "loopback",
    "asked_pause": "retry",
    "direct": "route",
    "is_nowhere": "hops",
    "make_async_client": "clients",
    "make_client": "clients",
    "make_fetch_client": "clients",
    "origin_of": "address",
    "own": "caller",
    "send": "steps",
}

if not TYPE_CHECKING:  # visible to a checker, it would make every misspelling legal

    def __getattr__(name: str) -> object:
        return resolve(globals(), _HOME, name)
