"""A cloud's registry under its real host name: docker-registry, and in front of it what gives out its tokens."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import httpx

from tests.e2e import docker_registry, registry_auth
from tests.e2e.authority import Authority
from tests.e2e.front import at, passing_on
from tests.e2e.json_web_token import Signer
from tests.e2e.stock import Stock
from tests.e2e.token_issuer import Accepts, TokenIssuer
from tests.transport.answering_server import Answer, AnsweringServer, answering

NOTHING: Mapping[str, Answer] = MappingProxyType({})
_ISSUER = "a cloud"


@dataclass(frozen=True)
class CloudRegistry(Stock):
    """The registry at ``https://{host}``, whose token server is at the path ``realm`` of the same host."""

    host: str
    realm: str
    signer: Signer

    @property
    def address(self) -> str:
        return self.host

    @contextmanager
    def fronted(self, accepts: Accepts, answers: Mapping[str, Answer] = NOTHING) -> Iterator[AnsweringServer]:
        """Serve it until the block ends, at a port of 127.0.0.1 and with the certificate of ``host``.

        Its tokens are for those whom ``accepts`` knows; ``answers`` are what else is at paths of the host.
        """
        trust = ssl.create_default_context(cafile=self.authority.bundle)
        with (
            httpx.Client(base_url=f"https://{self.server.local}", verify=trust, trust_env=False) as behind,
            answering(
                at({self.realm: self._issuer(accepts).answer, **answers}, passing_on(behind)),
                self.authority.issue(self.host).server_context(),
            ) as front,
        ):
            yield front

    def token(self) -> str:
        """Return a token that opens what :meth:`stock` needs."""
        return self._issuer(lambda *_: False).token(*self.scopes)

    def _issuer(self, accepts: Accepts) -> TokenIssuer:
        return TokenIssuer(_ISSUER, self.host, accepts, self.signer)


@contextmanager
def serving(authority: Authority, folder: Path, host: str, realm: str) -> Iterator[CloudRegistry]:
    """Serve a stocked registry from ``folder`` until the block ends."""
    url = f"https://{host}{realm}"
    auth = registry_auth.token(realm=url, service=host, issuer=_ISSUER, bundle=authority.bundle)
    with docker_registry.serving(authority, folder, auth) as server:
        registry = CloudRegistry(server, authority, host, realm, Signer.of(authority.issue("signer.test")))
        yield registry.stock(folder, ["--dest-registry-token", registry.token()])
