"""Asking the sidecar: questions and answers of API v1 over its Unix socket."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final, TypeVar

import httpx
import msgspec

from ocibroker.api import (
    LONGEST_DEADLINE,
    CredentialAnswer,
    CredentialQuestion,
    Problem,
    TLSData,
    TrustAnswer,
    TrustQuestion,
    error_of,
)
from ocibroker.deadline import Deadline
from ocibroker.errors import ConnectionFailed, IntegrityError, OcibrokerError
from ocibroker.transport import LocalClient

T = TypeVar("T", bound=msgspec.Struct)

_HEADERS: Final = MappingProxyType({"Ocibroker-Request": "1", "Content-Type": "application/json"})
_PATIENCE: Final = 5.0
"""Seconds for what the sidecar knows without asking anybody."""


class Line:
    """Raises :class:`~ocibroker.errors.OcibrokerError`: what the sidecar tells of, or what hinders it."""

    def __init__(self, path: str) -> None:
        self._client = LocalClient(path)
        self.path: Final = path

    def credential(self, question: CredentialQuestion, deadline: Deadline) -> CredentialAnswer:
        """Return the sidecar's answer for a target."""
        # A little less than what is left: so that it is the sidecar who says what it has waited for.
        asked = msgspec.structs.replace(question, deadline=min(0.95 * deadline.left(), LONGEST_DEADLINE))
        return self._answer("/v1/credentials", asked, CredentialAnswer, deadline)

    def trust(self, host: str) -> TLSData:
        """Return how ``host[:port]`` is reached and trusted."""
        deadline = Deadline.after(_PATIENCE)
        return self._answer("/v1/trust", TrustQuestion(host=host), TrustAnswer, deadline).tls

    def forked(self) -> None:
        """Begin anew in a child."""
        self._client.forked()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _answer(self, place: str, question: msgspec.Struct, kind: type[T], deadline: Deadline) -> T:
        response = self._client.post(place, msgspec.json.encode(question), _HEADERS, deadline)
        if response.status_code != httpx.codes.OK:
            raise self._told(response)
        if (answer := _decoded(response.content, kind)) is None:
            raise IntegrityError("the sidecar's answer is not that of API v1", culprit=self.path)
        return answer

    def _told(self, response: httpx.Response) -> OcibrokerError:
        problem = _decoded(response.content, Problem)
        if problem is None:
            return ConnectionFailed(f"the sidecar answered {response.status_code}", culprit=self.path)
        return error_of(problem)


def _decoded(body: bytes, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
