"""Web servers that keep what they are given, and remember every byte that they were sent."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.transport.answering_server import AnsweringServer, answering
from tests.transport.canary import Canary


@dataclass
class Site:
    """``files`` by path; those below a path of ``guarded`` want that user and password, by Basic.

    ``answers`` are given before anything else is looked at.
    """

    server: AnsweringServer
    files: dict[str, bytes] = field(default_factory=dict)
    guarded: dict[str, tuple[str, str]] = field(default_factory=dict)
    answers: dict[str, CannedResponse] = field(default_factory=dict)

    def redirect(self, path: str, to: str, status: int = 302) -> None:
        self.answers[path] = CannedResponse(status, {"Location": to})

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [request.path for request in self.server.requests]

    def hits(self, canary: Canary) -> list[str]:
        """Each form of the secret in anything that it was sent."""
        return [
            hit
            for request in self.server.requests
            for text in (repr(request), *_decoded(request.headers.get_all("authorization")))
            for hit in canary.hits(text)
        ]

    def credentials(self, path: str) -> list[str]:
        """Each distinct credential that came with a request for ``path``, as user:password."""
        asked = [request for request in self.server.requests if request.path == path]
        found = [one for request in asked for one in _decoded(request.headers.get_all("authorization"))]
        return list(dict.fromkeys(found))

    def answer(self, request: Request) -> CannedResponse:
        if request.path in self.answers:
            return self.answers[request.path]
        wanted = next((pair for path, pair in self.guarded.items() if request.path.startswith(path)), None)
        if wanted and ":".join(wanted) not in _decoded(request.headers.get_all("authorization")):
            return CannedResponse(401, {"WWW-Authenticate": 'Basic realm="site"'})
        if request.path not in self.files:
            return CannedResponse(404)
        return CannedResponse(200, {"Content-Type": "application/octet-stream"}, self.files[request.path])


@contextmanager
def site(tls: ssl.SSLContext | None) -> Iterator[Site]:
    sites: list[Site] = []
    with answering(lambda request: sites[0].answer(request), tls) as server:
        sites.append(Site(server))
        yield sites[0]


def _decoded(values: Sequence[str]) -> list[str]:
    return [base64.b64decode(value.partition(" ")[2]).decode("utf-8", "replace") for value in values]
