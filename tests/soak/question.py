"""The request for a credential, whole, and the connection that it goes by."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Final

from tests.sidecar.served import Client
from tests.soak.asked import Asked

MIN_TTL: Final = 5.0
"""Seconds of life that are wanted: a minute is for tokens of hours, and these live for minutes."""


def question(host: str, *headers: str, to: str = "ocibroker") -> bytes:
    """Return what is sent to the listener ``to``."""
    body = json.dumps({"registry": host, "min_ttl": MIN_TTL})
    lines = (
        "POST /v1/credentials HTTP/1.1",
        f"Host: {to}",
        "Ocibroker-Request: 1",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join([*lines, *headers, "", body]).encode()


class Asking:
    """A connection that is made when it is needed, and made anew after it broke."""

    def __init__(self, connect: Callable[[], Client]) -> None:
        self._connect = connect
        self._client: Client | None = None

    def ask(self, host: str, request: bytes) -> Asked:
        """Send ``request``, which is for ``host``, and return what came of it."""
        at, begin = time.time(), time.perf_counter()
        try:
            if self._client is None:
                self._client = self._connect()
            self._client.send(request)
            reply = self._client.reply()
        except (OSError, EOFError) as error:
            self.close()
            return Asked(at, time.perf_counter() - begin, host, 0, code=type(error).__name__)
        seconds, said = time.perf_counter() - begin, reply.said
        secret, code = (str(said.get(name) or "") for name in ("secret", "code"))
        return Asked(at, seconds, host, reply.status, secret, code)

    def close(self) -> None:
        if self._client is not None:
            self._client.connection.close()
            self._client = None
