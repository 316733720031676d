"""A Google Cloud on loopback: every service under its real host name, by the ``Host`` header."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.google.accounts import Accounts
from tests.google.iam_credentials import IamCredentials
from tests.google.metadata import HOSTS, Metadata
from tests.google.oauth import OAuth
from tests.google.secret_manager import SecretManager
from tests.google.sts import Sts
from tests.transport.answering_server import AnsweringServer

OAUTH, STS, IAM = "oauth2.googleapis.com", "sts.googleapis.com", "iamcredentials.googleapis.com"
REGIONAL_STS = "sts.us-east1.rep.googleapis.com"
SECRETS, REGIONAL_SECRETS = "secretmanager.googleapis.com", "secretmanager.europe-west3.rep.googleapis.com"
ISSUER = "token.issuer.test"
NAMES = (OAUTH, STS, IAM, REGIONAL_STS, SECRETS, REGIONAL_SECRETS, ISSUER)


@dataclass
class Google:
    """``tls`` and ``plain`` are where it listens; their ``requests`` are who asked what.

    ``issuer`` answers for another issuer's token service, and ``imds`` for what an instance of AWS has.
    """

    accounts: Accounts = field(default_factory=Accounts)
    issuer: CannedResponse = field(default_factory=lambda: CannedResponse(404))
    imds: dict[tuple[str, str], str] = field(default_factory=dict)
    tls: AnsweringServer = field(init=False)
    plain: AnsweringServer = field(init=False)

    def __post_init__(self) -> None:
        self.oauth = OAuth(self.accounts)
        self.sts = Sts(self.accounts)
        self.iam = IamCredentials(self.accounts)
        self.secrets = SecretManager(self.accounts)
        self.metadata = Metadata(self.accounts)

    def route(self, host: str, port: int) -> tuple[str, int]:
        """Lead everybody to this machine, whatever they ask for."""
        return "127.0.0.1", {443: self.tls.port, 80: self.plain.port}.get(port, port)

    @property
    def asked(self) -> list[str]:
        """The hosts that were asked over TLS, in order."""
        return [one.headers.get("host", "") for one in self.tls.requests]

    @property
    def looked_up(self) -> list[str]:
        """The paths that were asked in the clear, in order."""
        return [one.path for one in self.plain.requests]

    def answer(self, request: Request) -> CannedResponse:
        host = request.headers.get("host", "").partition(":")[0]
        if answered := self.imds.get((request.method, request.path)):
            return CannedResponse(200, {}, answered.encode())
        if host in HOSTS:
            return self.metadata.answer(request)
        answers = {
            OAUTH: self.oauth.answer,
            IAM: self.iam.answer,
            STS: self.sts.answer,
            REGIONAL_STS: self.sts.answer,
            SECRETS: self.secrets.answer,
            REGIONAL_SECRETS: self.secrets.answer,
        }
        return answers[host](request) if host in answers else self.issuer


@contextmanager
def serving(tls: ssl.SSLContext) -> Iterator[Google]:
    """Serve until the block ends; the certificate is for :data:`NAMES`."""
    google = Google()
    google.tls = AnsweringServer(google.answer, tls)
    google.plain = AnsweringServer(google.answer, None)
    with ExitStack() as running:
        for server in (google.tls, google.plain):
            running.enter_context(server.server.serving())
        yield google
