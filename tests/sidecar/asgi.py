"""Requests to the application itself, as a server hands them over."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ocibroker.sidecar.application import Application
from ocibroker.sidecar.listener import Listener
from ocibroker.sidecar.peer import Peer

SOCKET = Listener(name="socket", hosts=frozenset({"ocibroker", "localhost"}))
HEADERS = (
    (b"host", b"ocibroker"),
    (b"ocibroker-request", b"1"),
    (b"content-type", b"application/json"),
)
Head = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Answered:
    """What came back; ``read`` is whether the body was asked for."""

    status: int
    headers: dict[str, str]
    body: bytes
    read: bool

    @property
    def data(self) -> Any:  # noqa: ANN401  # JSON
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.data["code"])


@dataclass
class Caller:
    """Asks one listener of ``application``."""

    application: Application
    listener: Listener = SOCKET
    peer: Peer = field(default_factory=lambda: Peer(uid=1000))

    def post(self, path: str, question: object, head: Head = HEADERS) -> Answered:
        body = question if isinstance(question, bytes) else json.dumps(question).encode()
        return self.send("POST", path, head, body)

    def send(
        self, method: str, path: str, head: Head = HEADERS, body: bytes = b"", *, target: bytes | None = None
    ) -> Answered:
        return asyncio.run(self.sent(method, path, head, [body], target=target))

    async def sent(
        self, method: str, path: str, head: Head, parts: Sequence[bytes], *, target: bytes | None = None
    ) -> Answered:
        left, sent, read = list(parts), [], False

        async def receive() -> MutableMapping[str, Any]:
            nonlocal read
            read = True
            if not left:
                return {"type": "http.disconnect"}
            part = left.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(left)}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        scope: Mapping[str, Any] = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": target or path.encode(),
            "headers": [*head],
            "state": {"listener": self.listener, "peer": self.peer},
        }
        await self.application(scope, receive, send)
        start, *rest = sent
        headers = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
        return Answered(start["status"], headers, b"".join(one["body"] for one in rest), read)


def without(*names: bytes) -> Head:
    return [pair for pair in HEADERS if pair[0] not in names]


OCTETS: Head = [*without(b"content-type"), (b"content-type", b"application/octet-stream")]
