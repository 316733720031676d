"""An HTTP(S) server that answers by a function and remembers every request."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from ocibroker.testing.server import Server

Answer = Callable[[Request], CannedResponse]


class AnsweringServer:
    """``requests`` are what arrived, complete, in order; ``port`` is on 127.0.0.1."""

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None) -> None:
        self._answer = answer
        self._lock = threading.Lock()
        self.requests: list[Request] = []
        self.server = Server(self._record, tls)
        self.port = self.server.server_port

    def _record(self, request: Request) -> CannedResponse:
        with self._lock:
            self.requests.append(request)
        return self._answer(request)

    def saw(self, name: str) -> list[str]:
        """Every value of that header that any request carried."""
        return [value for request in self.requests for value in request.headers.get_all(name)]


@contextmanager
def answering(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[AnsweringServer]:
    running = AnsweringServer(answer, tls)
    with running.server.serving():
        yield running


def always(response: CannedResponse) -> Answer:
    return lambda _: response


def by_path(responses: Mapping[str, CannedResponse]) -> Answer:
    """Answer each path with its response, and everything else with 404."""
    return lambda request: responses.get(request.path, CannedResponse(404))


OK = always(CannedResponse(200, {}, b"here"))
