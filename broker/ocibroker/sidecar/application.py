"""The ASGI application behind the sidecar's listeners: guard, admission, route, body, endpoint, reply.

https://asgi.readthedocs.io/en/latest/specs/www.html; each scope's ``state`` holds its ``listener`` and its
``peer``. No framework, since what a hit costs is mostly what lies between the socket and the endpoint.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from types import MappingProxyType
from typing import Any, Final

from ocibroker.api import LARGEST, Problem
from ocibroker.errors import OcibrokerError
from ocibroker.sidecar.conversation import Conversations
from ocibroker.sidecar.deed import Audit, unaudited
from ocibroker.sidecar.denial import Denied, uncounted
from ocibroker.sidecar.generation import Generations
from ocibroker.sidecar.guard import misdirected, unmarked
from ocibroker.sidecar.listener import Listener, ListenerName
from ocibroker.sidecar.message import JSON, Call, Reply
from ocibroker.sidecar.peer import Peer
from ocibroker.sidecar.problem import failed, reply
from ocibroker.sidecar.repeats import Repeats
from ocibroker.sidecar.routes import Places, Route, administration, api

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

Served = Callable[[ListenerName, int, float], None]

_LOG: Final = logging.getLogger("ocibroker.sidecar")
_NOWHERE: Final[Places] = MappingProxyType({})
_ALWAYS: Final = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
_JSON: Final = (b"content-type", JSON.encode("ascii"))
_UNAUTHORIZED: Final = reply(
    Problem.of(401, "unauthorized", "is not allowed to ask here"), {"WWW-Authenticate": "Bearer"}
)
_NOT_YOURS: Final = reply(
    Problem.of(
        403,
        "action_refused",
        "is for who administers the sidecar",
        hint="ask on its Unix socket, as root or the user who serves",
    )
)
_TOO_LARGE: Final = reply(Problem.of(413, "body_too_large", f"is longer than {LARGEST} bytes"))
_BROKEN: Final = reply(Problem.of(500, "internal_error", "the sidecar failed", hint="see its log"))


def _untold(listener: ListenerName, status: int, seconds: float) -> None:
    """Tell nobody."""


class Application:
    """Answers API v1 on every listener but ``admin``, and there what ``admin`` holds, by method and path.

    On the Unix socket it answers ``actions`` too. Whoever acts must be one whom the listener says administers.

    ``served`` is told of every reply: the listener, the status, and the seconds by ``monotonic`` that it took.
    ``audit`` is told before each of what it gives to whom, ``denied`` of whoever may not ask. Meanwhile it is the
    current one of ``conversations``.
    """

    def __init__(
        self,
        generations: Generations,
        *,
        admin: Places = _NOWHERE,
        actions: Places = _NOWHERE,
        served: Served = _untold,
        audit: Audit = unaudited,
        denied: Denied = uncounted,
        conversations: Conversations | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api = api(generations)
        self._admin, self._actions = administration(admin), administration(actions)
        self._repeats = Repeats(self._api.current, self._api.kept)
        self._served, self._audit, self._denied = served, audit, denied
        self._conversations = conversations or Conversations()
        self._monotonic = monotonic

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one connection's scope."""
        if scope["type"] == "http":
            conversation = self._conversations.begin(scope["state"]["listener"].name)
            try:
                await self._converse(scope, receive, send)
            finally:
                self._conversations.end(conversation)
        elif scope["type"] == "lifespan":
            await _live(receive, send)
        else:
            await send({"type": "websocket.close"})

    def repeat(self, listener: Listener, peer: Peer, request: bytes) -> bytes | None:
        """Return the whole answer to a request of those bytes, if it was answered before and would be so now."""
        began, conversation = self._monotonic(), self._conversations.begin(listener.name)
        try:
            known = self._repeats(listener, peer, request)
            if known is None:
                return None
            self._record(listener, peer, known.reply)
            self._served(listener.name, 200, self._monotonic() - began)
        finally:
            self._conversations.end(conversation)
        return known.answer

    async def _converse(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        began = self._monotonic()
        if (answer := await self._answer(scope, receive)) is not None:
            self._record(scope["state"]["listener"], scope["state"]["peer"], answer)
            await _send(answer, send)
            self._served(scope["state"]["listener"].name, answer.status, self._monotonic() - began)

    async def _answer(self, scope: Mapping[str, Any], receive: Receive) -> Reply | None:
        """Return the reply, or none where the caller has gone."""
        state, head = scope["state"], scope["headers"]
        listener: Listener = state["listener"]
        target = state.get("target") or scope.get("raw_path") or scope["path"].encode()
        fields: dict[bytes, bytes] = dict(head)
        shown = listener.name == "admin" and self._admin.shows(scope["path"], scope["method"])
        if problem := misdirected(listener, target, head, fields, shown=shown):
            self._denied(listener.name, state["peer"], "address")
            return reply(problem)
        if not listener.admits(state["peer"], fields.get(b"authorization")):
            self._denied(listener.name, state["peer"], "bearer")
            return _UNAUTHORIZED
        route = self._route(listener, scope["path"], scope["method"])
        if isinstance(route, Reply):
            return route
        if route.acts and not listener.administers(state["peer"], fields.get(b"authorization")):
            self._denied(listener.name, state["peer"], "administration")
            return _NOT_YOURS
        if not route.safe and (problem := unmarked(fields, route.content_type)):
            return reply(problem)
        body = await _body(fields, receive)
        if not isinstance(body, bytes):
            return body
        call = Call(
            listener=listener,
            peer=state["peer"],
            method=scope["method"],
            path=scope["path"],
            query=scope.get("query_string", b""),
            headers=fields,
            body=body,
        )
        answer = await _served(route, call)
        if request := state.get("request"):
            self._repeats.keep(request, call, answer, _whole(answer))
        return answer

    def _record(self, listener: Listener, peer: Peer, answer: Reply) -> None:
        for deed in answer.deeds:
            self._audit(listener.name, peer, deed)
            if deed.outcome != "given":
                self._conversations.note(deed.outcome)

    def _route(self, listener: Listener, path: str, method: str) -> Route | Reply:
        methods = self._methods(listener, path)
        if methods is None:
            return reply(Problem.of(404, "no_such_endpoint", "is nothing that is answered here"))
        if (route := methods.get(method)) is not None:
            return route
        allow = ", ".join(sorted(methods))
        return reply(Problem.of(405, "method_not_allowed", f"takes {allow} only"), {"Allow": allow})

    def _methods(self, listener: Listener, path: str) -> Mapping[str, Route] | None:
        if listener.name == "admin":
            return self._admin.at(path)
        found = self._actions.at(path) if listener.name == "socket" else None
        return self._api.at(path) if found is None else found


async def _served(route: Route, call: Call) -> Reply:
    try:
        return await route.endpoint(call)
    except OcibrokerError as error:
        return failed(error)
    except Exception as error:  # noqa: BLE001  # a bug in one request is no other's; its text might hold a secret
        _LOG.error("%s %s failed: %s", call.method, call.path, type(error).__name__)  # as above
    return _BROKEN


async def _body(fields: Mapping[bytes, bytes], receive: Receive) -> bytes | Reply | None:
    """Return the body, what is replied to one that is too long, or none where the caller has gone."""
    said = fields.get(b"content-length", b"0")
    if len(said) > 9 or (said.isdigit() and int(said) > LARGEST):
        return _TOO_LARGE
    message = await receive()
    if not message.get("more_body"):  # what is small comes at once
        return message.get("body", b"") if message["type"] == "http.request" else None
    parts = bytearray()
    while message["type"] == "http.request":
        parts += message.get("body", b"")
        if len(parts) > LARGEST:
            return _TOO_LARGE
        if not message.get("more_body"):
            return bytes(parts)
        message = await receive()
    return None


async def _send(answer: Reply, send: Send) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": _head(answer)})
    await send({"type": "http.response.body", "body": answer.body})


def _head(answer: Reply) -> list[tuple[bytes, bytes]]:
    kind = _JSON if answer.content_type == JSON else (b"content-type", answer.content_type.encode("ascii"))
    headers = [kind, (b"content-length", b"%d" % len(answer.body)), *_ALWAYS]
    for name, value in answer.headers.items():
        headers.append((name.lower().encode("ascii"), value.encode("latin-1")))
    return headers


def _whole(answer: Reply) -> bytes:
    """Return a successful answer as it goes over the wire (RFC 9112 section 4)."""
    lines = b"".join(b"%b: %b\r\n" % field for field in _head(answer))
    return b"HTTP/1.1 200 OK\r\n%b\r\n%b" % (lines, answer.body)


async def _live(receive: Receive, send: Send) -> None:
    while True:
        phase = (await receive())["type"]
        await send({"type": f"{phase}.complete"})
        if phase == "lifespan.shutdown":
            return
