"""A wire that ends in a function: what the other side would answer, without the other side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import httpx

Answer = Callable[[httpx.Request], httpx.Response]


@dataclass(frozen=True, slots=True)
class AnsweringWire:
    """Hands each request to ``answer``, which returns the response or raises as a connection would."""

    answer: Answer
    whose: str = "the test's"

    def send(self, request: httpx.Request) -> httpx.Response:
        """Return the answer; the request's body has been read."""
        request.read()
        return self.answer(request)

    async def send_async(self, request: httpx.Request) -> httpx.Response:
        """Return the answer; the request's body has been read."""
        await request.aread()
        return self.answer(request)

    async def rest(self) -> None:
        """There is nothing to close."""
