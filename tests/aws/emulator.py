"""An AWS on loopback: every service under its real host name, by the ``Host`` header."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.aws.iam import Iam
from tests.aws.metadata import Metadata
from tests.aws.registry_tokens import RegistryTokens
from tests.aws.sso import Sso
from tests.aws.sts import Sts
from tests.transport.answering_server import AnsweringServer

SUFFIX = r"(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|api\.aws|api\.amazonwebservices\.com\.cn|c2s\.ic\.gov)"
ECR = re.compile(rf"(?:api\.)?(?P<service>ecr(?:-public)?)(?:-fips)?\.(?P<region>[a-z0-9-]+)\.{SUFFIX}")
STS = re.compile(rf"sts(?:-fips)?\.(?P<region>[a-z0-9-]+)\.{SUFFIX}")
SSO = re.compile(r"portal\.sso\.[a-z0-9-]+\.amazonaws\.com")

REGIONS = ("eu-west-1", "us-east-1", "us-west-2")
NAMES = (
    *(
        f"{kind}.{region}.amazonaws.com"
        for kind in ("api.ecr", "api.ecr-fips", "sts", "sts-fips")
        for region in REGIONS
    ),
    *(
        f"{kind}.{region}.api.aws"
        for kind in ("ecr", "ecr-fips", "ecr-public", "sts", "sts-fips")
        for region in REGIONS
    ),
    "api.ecr-public.us-east-1.amazonaws.com",
    "api.ecr.cn-north-1.amazonaws.com.cn",
    "api.ecr.us-gov-west-1.amazonaws.com",
    "api.ecr.us-iso-east-1.c2s.ic.gov",
    "api.ecr.eusc-de-east-1.amazonaws.eu",
    "portal.sso.eu-west-1.amazonaws.com",
    "ecr.endpoint.test",
    "localhost",
)


@dataclass
class Aws:
    """``tls`` and ``plain`` are where it listens; their ``requests`` are who asked what."""

    iam: Iam
    tls: AnsweringServer = field(init=False)
    plain: AnsweringServer = field(init=False)

    def __post_init__(self) -> None:
        self.registry = RegistryTokens(self.iam)
        self.sts = Sts(self.iam)
        self.sso = Sso(self.iam)
        self.metadata = Metadata(self.iam)

    def route(self, host: str, port: int) -> tuple[str, int]:
        """Lead everybody to this machine, whatever they ask for."""
        return "127.0.0.1", {443: self.tls.port, 80: self.plain.port}.get(port, port)

    @property
    def asked(self) -> list[str]:
        """The hosts that were asked, in order."""
        return [one.headers.get("host", "") for one in (*self.plain.requests, *self.tls.requests)]

    def answer(self, request: Request) -> CannedResponse:
        host = request.headers.get("host", "").partition(":")[0]
        if host.startswith("169.254."):
            return self.metadata.answer(request)
        if found := ECR.fullmatch(host):
            return self.registry.answer(request, found["service"], found["region"])
        if host in {"ecr.endpoint.test", "localhost"}:
            return self.registry.answer(request, "ecr", "eu-west-1")
        if found := STS.fullmatch(host):
            return self.sts.answer(request, found["region"])
        return self.sso.answer(request) if SSO.fullmatch(host) else CannedResponse(404)


@contextmanager
def serving(tls: ssl.SSLContext) -> Iterator[Aws]:
    """Serve until the block ends; the certificate is for :data:`NAMES`."""
    aws = Aws(Iam())
    aws.tls = AnsweringServer(aws.answer, tls)
    aws.plain = AnsweringServer(aws.answer, None)
    with ExitStack() as running:
        for server in (aws.tls, aws.plain):
            running.enter_context(server.server.serving())
        yield aws
