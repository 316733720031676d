"""Issuers of identity tokens and services that exchange them, on loopback, each under its real host name."""

from __future__ import annotations

import itertools
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from ocibroker.transport import Route
from tests.azure.registry_tokens import unsigned
from tests.oidc.identity_provider import IdentityProvider
from tests.transport.answering_server import AnsweringServer

BODY = "c4n4ry-of-the-body"
"""What services say beside a code, and nobody may see."""

LIFE = 3600
ISSUER = "https://issuer.test"


class Refused(Exception):
    """``answer`` is what the service says."""

    def __init__(self, status: int, body: object, **headers: str) -> None:
        super().__init__(status)
        self.answer = CannedResponse.of_json(body, status=status, headers=headers)


@dataclass
class World:
    """``subjects`` are the identity tokens that were issued, with whom they are for; ``issuers`` sign them.

    ``given`` are the tokens that services gave. ``failing`` is what all services answer instead.
    """

    services: Mapping[str, Callable[[World, Request], CannedResponse]]
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    subjects: dict[str, str] = field(default_factory=dict)
    issuers: dict[str, IdentityProvider] = field(default_factory=dict)
    given: list[str] = field(default_factory=list)
    failing: CannedResponse | None = None
    numbers: Iterator[int] = field(default_factory=itertools.count)
    tls: AnsweringServer = field(init=False)
    plain: AnsweringServer = field(init=False)

    def issuer(self, url: str) -> IdentityProvider:
        """Return who signs as ``url``, for those who shall trust it."""
        if url not in self.issuers:
            self.issuers[url] = IdentityProvider(url, self.clock)
        return self.issuers[url]

    def identity(
        self, audience: str = "", *, subject: str = "somebody", issuer: str = ISSUER, life: int = LIFE
    ) -> str:
        """Issue an identity token."""
        token = self.issuer(issuer).token(subject, audience, timedelta(seconds=life))
        self.subjects[token] = audience
        return token

    def json_web_token(self) -> str:
        """Give a token that says itself when it ends."""
        now = int(self.clock().timestamp())
        self.given.append(unsigned({"iat": now, "exp": now + LIFE, "jti": f"given-{next(self.numbers)}"}))
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

    def beside(self, elsewhere: Route) -> Route:
        """Return the way to the services here, and to all others by ``elsewhere``."""

        def route(host: str, port: int) -> tuple[str, int]:
            return (self.route if host in self.services else elsewhere)(host, port)

        return route

    @property
    def asked(self) -> list[str]:
        """Who was asked for what, in order."""
        return [
            f"{one.method} {one.headers.get('host')}{one.path}"
            for server in (self.plain, self.tls)
            for one in server.requests
        ]


@contextmanager
def serving(world: World, tls: ssl.SSLContext) -> Iterator[World]:
    """Serve until the block ends."""
    world.tls, world.plain = AnsweringServer(world.answer, tls), AnsweringServer(world.answer, None)
    with ExitStack() as running:
        for server in (world.tls, world.plain):
            running.enter_context(server.server.serving())
        yield world
