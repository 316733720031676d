"""Connections to one origin under one policy, over httpcore: once for threads, once for an event loop."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import httpcore
import httpx

from ocibroker.deadline import Deadline
from ocibroker.errors import OcibrokerError
from ocibroker.origin import Origin
from ocibroker.tls import Material
from ocibroker.transport.body import AsyncBody, Body
from ocibroker.transport.faults import FAULTS, WHOSE, fault
from ocibroker.transport.leases import Leases
from ocibroker.transport.network import AsyncDeadlineNetwork, DeadlineNetwork, Shook
from ocibroker.transport.presented import Note
from ocibroker.transport.route import Route

DEADLINE: Final = "ocibroker.deadline"
"""The request extension that holds a :class:`~ocibroker.deadline.Deadline` over the whole exchange."""

_LIMITS: Final = MappingProxyType(
    {"max_connections": 64, "max_keepalive_connections": 16, "keepalive_expiry": 30.0}
)
"""Per origin. More parallel connections than a registry client opens; idle ones go after half a minute."""


@dataclass(frozen=True, slots=True)
class Line:
    """Where connections go and what they trust: the origin's material, and that of its proxy."""

    origin: Origin
    material: Material
    proxy: Material | None

    @property
    def digest(self) -> tuple[str, str]:
        """What changes when connections must not be shared any more."""
        return self.material.digest, self.proxy.digest if self.proxy else ""

    @property
    def near(self) -> Origin:
        """Whom connections are opened to: the proxy, where there is one."""
        proxy = self.material.policy.proxy
        return proxy.origin if proxy else self.origin

    def fault(self, error: BaseException) -> OcibrokerError:
        """Return the typed error for what happened on the way."""
        return fault(error, self.near if isinstance(error, httpcore.ProxyError) else self.origin, WHOSE)

    def explain(self, error: Exception) -> OcibrokerError | None:
        """Return the typed error for what happened to a body on its way."""
        return fault(error, self.origin, WHOSE, answered=True) if isinstance(error, FAULTS) else None

    def settings(self) -> dict[str, Any]:
        """Return the arguments that make an httpcore pool of this line."""
        return {"ssl_context": self.material.context(), "proxy": self._proxy(), **_LIMITS}

    def _proxy(self) -> httpcore.Proxy | None:
        proxy = self.material.policy.proxy
        if proxy is None or self.proxy is None:
            return None
        # As bytes: httpcore takes text for ASCII.
        password = proxy.password.reveal().encode() if proxy.password else b""
        auth = (proxy.username.encode(), password) if proxy.username else None
        # httpcore refuses a context for a plain proxy, and takes a default of its own where an HTTPS one has none.
        context = self.proxy.context() if proxy.origin.scheme == "https" else None
        return httpcore.Proxy(_url(proxy.origin, b"/"), auth=auth, ssl_context=context)


class Pool:
    """Connections for threads; ``note`` is told what the origin presents."""

    def __init__(self, line: Line, route: Route, note: Note) -> None:
        self.line = line
        settings = line.settings()
        network = DeadlineNetwork(route, line.near, _noting(line.origin, settings["ssl_context"], note))
        self._core = httpcore.ConnectionPool(**settings, network_backend=network)
        self._leases = Leases()

    def take(self) -> bool:
        """Announce a request; false when the pool is being given up."""
        return self._leases.take()

    def send(self, request: httpx.Request) -> httpx.Response:
        """Send an announced request and return the response, its body unread."""
        try:
            answer = self._core.handle_request(_to_core(request, self.line.origin))
        except FAULTS as error:
            failure = self.line.fault(error)
        except BaseException:
            self._done()
            raise
        else:
            return _from_core(answer, Body(answer.iter_stream(), self.line.explain, lambda: self._end(answer)))
        self._done()
        raise failure

    def retire(self) -> None:
        """Close the connections, or leave that to the last user."""
        if self._leases.retire():
            self._core.close()

    def abandon(self) -> None:
        """Close a child's share in the connections of its parent, and say nothing on them.

        Connection by connection: another thread of the parent may have held the pool's own lock.
        """
        for connection in self._core.connections:
            connection.close()

    def _end(self, answer: httpcore.Response) -> None:
        answer.close()
        self._done()

    def _done(self) -> None:
        if self._leases.give_back():
            self._core.close()


class AsyncPool:
    """Connections for one event loop; ``note`` is told what the origin presents."""

    def __init__(self, line: Line, route: Route, note: Note) -> None:
        self.line = line
        settings = line.settings()
        network = AsyncDeadlineNetwork(route, line.near, _noting(line.origin, settings["ssl_context"], note))
        self._core = httpcore.AsyncConnectionPool(**settings, network_backend=network)
        self._leases = Leases()

    def take(self) -> bool:
        """Announce a request; false when the pool is being given up."""
        return self._leases.take()

    async def send(self, request: httpx.Request) -> httpx.Response:
        """Send an announced request and return the response, its body unread."""
        try:
            answer = await self._core.handle_async_request(_to_core(request, self.line.origin))
        except FAULTS as error:
            failure = self.line.fault(error)
        except BaseException:
            await self._done()
            raise
        else:
            body = AsyncBody(answer.aiter_stream(), self.line.explain, lambda: self._end(answer))
            return _from_core(answer, body)
        await self._done()
        raise failure

    async def retire(self) -> None:
        """Close the connections, or leave that to the last user."""
        if self._leases.retire():
            await self._core.aclose()

    async def _end(self, answer: httpcore.Response) -> None:
        await answer.aclose()
        await self._done()

    async def _done(self) -> None:
        if self._leases.give_back():
            await self._core.aclose()


def _noting(origin: Origin, mine: ssl.SSLContext, note: Note) -> Shook:
    """Return who is told of handshakes; one by another context than ``mine`` is with a proxy."""

    def shook(context: ssl.SSLContext, secured: Any) -> None:  # noqa: ANN401  # as :data:`Shook`
        if context is mine and (der := secured.getpeercert(True)):  # noqa: FBT003  # in C it takes no keyword
            note(origin, der)

    return shook


def _to_core(request: httpx.Request, origin: Origin) -> httpcore.Request:
    """Return the request with nothing but a timeout beside it.

    Other extensions of a caller's could change the verified name (``sni_hostname``) or the request line
    (``target``), on a connection that others use after it.
    """
    return httpcore.Request(
        request.method,
        _url(origin, request.url.raw_path),
        headers=request.headers.raw,
        content=request.stream,
        extensions={"timeout": _timeouts(request)},
    )


def _timeouts(request: httpx.Request) -> dict[str, object]:
    deadline = request.extensions.get(DEADLINE)
    if not isinstance(deadline, Deadline):
        return dict(request.extensions.get("timeout", {}))
    # Waiting for a free connection takes a number; the socket takes the deadline itself.
    return {"pool": deadline.left(), "connect": deadline, "read": deadline, "write": deadline}


def _url(origin: Origin, target: bytes) -> httpcore.URL:
    return httpcore.URL(scheme=origin.scheme, host=origin.dial_host, port=origin.port, target=target)


def _from_core(answer: httpcore.Response, body: httpx.SyncByteStream | httpx.AsyncByteStream) -> httpx.Response:
    extensions = {key: value for key, value in answer.extensions.items() if key != "network_stream"}
    return httpx.Response(answer.status, headers=answer.headers, stream=body, extensions=extensions)
