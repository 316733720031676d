"""An Azure on loopback: every service under its real host name, by the ``Host`` header."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.azure.directory import Directory
from tests.azure.entra import Entra
from tests.azure.metadata import APP_SERVICE, ARC, IMDS, PRIVATE, Metadata
from tests.azure.registry_tokens import RegistryTokens
from tests.azure.vaults import Vaults
from tests.transport.answering_server import AnsweringServer

PUBLIC = "login.microsoftonline.com"
CHINA = "login.chinacloudapi.cn"
GOVERNMENT = "login.microsoftonline.us"
STACK = "login.stack.test"
VAULTS = "vault.azure.net"
CLOUDS = {"io": PUBLIC, "cn": CHINA, "us": GOVERNMENT, "test": STACK}
REGISTRY = re.compile(r"[a-z0-9.-]+\.(?:azurecr\.(?P<cloud>io|cn|us)|corp\.(?P<own>test))")

NAMES = (
    *CLOUDS.values(),
    "*.azurecr.io",
    "*.azurecr.cn",
    "*.azurecr.us",
    "myregistry.westeurope.geo.azurecr.io",
    "registry.corp.test",
    f"*.{VAULTS}",
    "localhost",
)


@dataclass
class Azure:
    """``tls`` and ``plain`` are where it listens; their ``requests`` are who asked what."""

    tls: AnsweringServer = field(init=False)
    plain: AnsweringServer = field(init=False)

    def __post_init__(self) -> None:
        self.entras = {authority: Entra(Directory(authority)) for authority in CLOUDS.values()}
        self.tokens = {name: RegistryTokens(entra.directory) for name, entra in self.entras.items()}
        self.metadata = Metadata(self.directory)
        self.vaults = Vaults(self.directory)

    @property
    def entra(self) -> Entra:
        """That of the public cloud."""
        return self.entras[PUBLIC]

    @property
    def directory(self) -> Directory:
        """The tenant of the public cloud that the tests know."""
        return self.entra.directory

    @property
    def registry(self) -> RegistryTokens:
        """The registries of the public cloud."""
        return self.tokens[PUBLIC]

    def route(self, host: str, port: int) -> tuple[str, int]:
        """Lead everybody to this machine, whatever they ask for."""
        plain = port in {80, 8081, 40342}
        return "127.0.0.1", self.plain.port if plain else self.tls.port if port == 443 else port

    @property
    def asked(self) -> list[str]:
        """The hosts that were asked, in order."""
        return [one.headers.get("host", "") for one in (*self.plain.requests, *self.tls.requests)]

    def answer(self, request: Request) -> CannedResponse:
        host = request.headers.get("host", "")
        if host in {IMDS, APP_SERVICE, PRIVATE, ARC}:
            return self.metadata.answer(request)
        name = host.partition(":")[0]
        if name in self.entras:
            return self.entras[name].answer(request)
        if name.endswith(f".{VAULTS}"):
            return self.vaults.answer(request, name)
        found = REGISTRY.fullmatch(name)
        if found is None:
            return CannedResponse(404)
        return self.tokens[CLOUDS[found["cloud"] or found["own"]]].answer(request, host)


@contextmanager
def serving(tls: ssl.SSLContext) -> Iterator[Azure]:
    """Serve until the block ends; the certificate is for :data:`NAMES`."""
    azure = Azure()
    azure.tls = AnsweringServer(azure.answer, tls)
    azure.plain = AnsweringServer(azure.answer, None)
    with ExitStack() as running:
        for server in (azure.tls, azure.plain):
            running.enter_context(server.server.serving())
        yield azure
