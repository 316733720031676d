"""A Distribution token server: a :class:`TokenIssuer` behind HTTPS on loopback."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from tests.e2e.authority import Authority
from tests.e2e.front import at
from tests.e2e.token_issuer import TokenIssuer
from tests.transport.answering_server import AnsweringServer, answering

NAMES: Final = ("token.test", "localhost", "127.0.0.1")
_PATH: Final = "/token"


@dataclass(frozen=True)
class TokenServer:
    """A running token server."""

    server: AnsweringServer
    issuer: TokenIssuer

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def realm(self) -> str:
        """The URL that a registry's challenge names; on another host than the registry's."""
        return f"https://{NAMES[0]}:{self.port}{_PATH}"


@contextmanager
def serving(authority: Authority, issuer: TokenIssuer) -> Iterator[TokenServer]:
    """Serve until the block ends."""
    context = authority.issue(*NAMES).server_context()
    with answering(at({_PATH: issuer.answer}), context) as server:
        yield TokenServer(server, issuer)
