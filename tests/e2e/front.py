"""One origin made of several servers: a few paths are answered here, everything else by a server behind."""

from collections.abc import Mapping

import httpx

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.transport.answering_server import Answer, always

_NOTHING_THERE = always(CannedResponse(404))
_OF_THE_CONNECTION = frozenset({"connection", "transfer-encoding", "content-length"})


def at(answers: Mapping[str, Answer], otherwise: Answer = _NOTHING_THERE) -> Answer:
    """Answer each path by its function, and what is at none of them by ``otherwise``."""
    return lambda request: answers.get(request.path, otherwise)(request)


def passing_on(http: httpx.Client) -> Answer:
    """Have the server answer that is the base URL of ``http``."""

    def answer(request: Request) -> CannedResponse:
        path = f"{request.path}?{request.query_string}" if request.query_string else request.path
        headers = {"accept-encoding": "identity", **request.headers}
        return _canned(http.request(request.method, path, headers=headers, content=request.body))

    return answer


def _canned(response: httpx.Response) -> CannedResponse:
    kept = {name: value for name, value in response.headers.items() if name not in _OF_THE_CONNECTION}
    if response.request.method == "HEAD" and (length := response.headers.get("content-length")):
        # Nothing can follow on a connection whose last answer has told a length of its own.
        kept |= {"content-length": length, "connection": "close"}
    return CannedResponse(response.status_code, kept, response.content)
