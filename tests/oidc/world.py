"""Issuers of identity tokens and services that exchange them, on loopback, each under its real host name."""

from __future__ import annotations

import itertools
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.azure.registry_tokens import unsigned
from tests.transport.answering_server import AnsweringServer

BODY = "c4n4ry-of-the-body"
"""What services say beside a code, and nobody may see."""

LIFE = 3600


class Refused(Exception):
    """``answer`` is what the service says."""

    def __init__(self, status: int, body: object, **headers: str) -> None:
        super().__init__(status)
        self.answer = CannedResponse.of_json(body, status=status, headers=headers)


@dataclass
class World:
    """``subjects`` are the identity tokens that were issued, by token, with whom they are for.

    ``given`` are the tokens that services gave. ``failing`` is what all services answer instead.
    """

    services: Mapping[str, Callable[[World, Request], CannedResponse]]
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    subjects: dict[str, str] = field(default_factory=dict)
    given: list[str] = field(default_factory=list)
    failing: CannedResponse | None = None
    numbers: Iterator[int] = field(default_factory=itertools.count)
    tls: AnsweringServer = field(init=False)
    plain: AnsweringServer = field(init=False)

    def identity(self, audience: str = "") -> str:
        """Issue an identity token."""
        token = self._signed("subject", audience)
        self.subjects[token] = audience
        return token

    def json_web_token(self, life: int = LIFE) -> str:
        """Give a token that says itself when it ends."""
        self.given.append(self._signed("given", "", life))
        return self.given[-1]

    def opaque(self) -> str:
        """Give a token that says nothing."""
        self.given.append(f"0paque-{next(self.numbers)}")
        return self.given[-1]

    def answer(self, request: Request) -> CannedResponse:
        host = request.headers.get("host", "").partition(":")[0]
        try:
            return self.failing or self.services[host](self, request)
        except Refused as refused:
            return refused.answer

    def route(self, host: str, port: int) -> tuple[str, int]:
        """Lead everybody to this machine, whatever they ask for."""
        return "127.0.0.1", {443: self.tls.port, 80: self.plain.port}.get(port, port)

    @property
    def asked(self) -> list[str]:
        """Who was asked for what, in order."""
        return [
            f"{one.method} {one.headers.get('host')}{one.path}"
            for server in (self.plain, self.tls)
            for one in server.requests
        ]

    def _signed(self, kind: str, audience: str, life: int = LIFE) -> str:
        now = int(self.clock().timestamp())
        claims = {"iat": now, "exp": now + life, "jti": f"{kind}-{next(self.numbers)}", "aud": audience}
        return unsigned(claims)


@contextmanager
def serving(world: World, tls: ssl.SSLContext) -> Iterator[World]:
    """Serve until the block ends."""
    world.tls, world.plain = AnsweringServer(world.answer, tls), AnsweringServer(world.answer, None)
    with ExitStack() as running:
        for server in (world.tls, world.plain):
            running.enter_context(server.server.serving())
        yield world
