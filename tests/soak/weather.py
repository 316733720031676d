"""What befalls the token service: it is down or not to be reached, it throttles, it is slow, it hangs up."""

from __future__ import annotations

import ssl
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from ocibroker.testing import CannedResponse
from ocibroker.testing.authority import Issued
from ocibroker.testing.request import Request
from tests.aws.emulator import ECR, Aws
from tests.aws.signature import Signature
from tests.free_port import free_port
from tests.transport.answering_server import AnsweringServer, answering

Kind = Literal["fair", "down", "unreachable", "throttled", "slow", "hanging up"]

RETRY_AFTER: Final = 2
"""Seconds."""
SLOW: Final = 1.5
"""Seconds that an answer takes."""


@dataclass(frozen=True)
class Call:
    """A request for a token that reached the service ``at``, in the seconds of ``time.time``, and its status.

    The status is 0 where nobody answered.
    """

    at: float
    principal: str
    status: int


@dataclass
class Weather:
    """``kind`` is what befalls who asks now; ``calls`` are all who asked, in the order of the answers.

    ``tls`` may be given another certificate while it serves.
    """

    aws: Aws
    tls: ssl.SSLContext
    kind: Kind = "fair"
    calls: list[Call] = field(default_factory=list)
    nowhere: int = field(default_factory=free_port)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    @contextmanager
    def over(cls, aws: Aws, tls: ssl.SSLContext) -> Iterator[Weather]:
        """Serve ``aws`` with that, for a block."""
        weather = cls(aws, tls)
        with answering(weather.answer, tls) as weather.front:
            yield weather

    def __post_init__(self) -> None:
        self.front: AnsweringServer

    def route(self, host: str, port: int) -> tuple[str, int]:
        """Lead everybody to the service, or to a port where nobody is."""
        address, found = self.aws.route(host, port)
        if port != 443:
            return address, found
        return address, self.nowhere if self.kind == "unreachable" else self.front.port

    def show(self, certificate: Issued) -> None:
        """Show another certificate from now on."""
        with tempfile.TemporaryDirectory() as folder:
            self.tls.load_cert_chain(*certificate.write(Path(folder)))

    def answer(self, request: Request) -> CannedResponse:
        """Answer as the service does in this weather; a connection that is kept alive is not spared."""
        began, response = time.time(), self._befallen(request)
        if ECR.fullmatch(request.headers.get("host", "")):
            signature = Signature.of(request)
            key = self.aws.iam.keys.get(signature.key) if signature else None
            with self._lock:
                self.calls.append(Call(began, key.principal if key else "", response.status if response else 0))
        if response is None:
            raise ConnectionResetError
        return response

    def _befallen(self, request: Request) -> CannedResponse | None:
        kind = self.kind
        if kind in {"unreachable", "hanging up"}:
            return None
        if kind == "down":
            return CannedResponse(503)
        if kind == "throttled":
            return CannedResponse(429, {"Retry-After": str(RETRY_AFTER)})
        if kind == "slow":
            time.sleep(SLOW)
        return self.aws.answer(request)
