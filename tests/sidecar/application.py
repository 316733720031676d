"""A tiny application: it says who has asked, and misbehaves on request."""

from __future__ import annotations

import asyncio
import json

from ocibroker.sidecar.gate import Message, Receive, Send

BIG = 4 * 1024 * 1024


class Tiny:
    """``/slow`` waits until ``go`` is set; ``asked`` counts requests, ``begun`` is set by a slow one."""

    def __init__(self) -> None:
        self.asked = 0
        self.go = asyncio.Event()
        self.begun = asyncio.Event()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        self.asked += 1
        listener, peer = scope["state"]["listener"], scope["state"]["peer"]
        headers = dict(scope["headers"])
        if not listener.admits(peer, headers.get(b"authorization")):
            await answer(send, 401, {})
            return
        body = await whole(receive)
        match scope["path"]:
            case "/slow":
                self.begun.set()
                await self.go.wait()
            case "/big":
                await answer(send, 200, "x" * BIG)
                return
            case "/boom":
                raise LookupError("s3cr3t")
            case "/exit":
                raise SystemExit("s3cr3t")
        said = {"listener": listener.name, "uid": peer.uid, "names": sorted(peer.names), "body": len(body)}
        await answer(send, 200, said)


async def whole(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def answer(send: Send, status: int, said: object) -> None:
    body = json.dumps(said).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
