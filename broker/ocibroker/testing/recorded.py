"""What the embedded registry was asked: the evidence for "who received the credential"."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import overload

from ocibroker.testing.headers import Headers
from ocibroker.testing.request import Request


@dataclass(frozen=True)
class RecordedRequest:
    """A request and the status it was answered with.

    ``body`` is kept for the token endpoint only; for other paths it is empty.
    """

    method: str
    path: str
    query: Mapping[str, tuple[str, ...]]
    headers: Headers
    body: bytes
    client_certificate: bool
    status: int

    @classmethod
    def of(cls, request: Request, status: int) -> RecordedRequest:
        """Return the record of ``request``, which is answered with ``status``."""
        body = request.body if request.path == "/token" else b""
        certificate = request.client_certificate
        return cls(request.method, request.path, request.query, request.headers, body, certificate, status)


class Record(Sequence[RecordedRequest]):
    """Requests in the order in which they were answered; safe to read while the registry serves.

    A request is added before its answer is sent: a client that has the answer finds it here.
    """

    def __init__(self) -> None:
        self._requests: list[RecordedRequest] = []
        self._lock = threading.Lock()

    def add(self, request: RecordedRequest) -> None:
        """Append one request."""
        with self._lock:
            self._requests.append(request)

    def take(self) -> tuple[RecordedRequest, ...]:
        """Return all requests since the last take, and forget them."""
        with self._lock:
            taken = tuple(self._requests)
            self._requests.clear()
        return taken

    @overload
    def __getitem__(self, index: int) -> RecordedRequest: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[RecordedRequest]: ...
    def __getitem__(self, index: int | slice) -> RecordedRequest | Sequence[RecordedRequest]:
        with self._lock:
            return self._requests[index]

    def __len__(self) -> int:
        with self._lock:
            return len(self._requests)

    def __repr__(self) -> str:
        with self._lock:
            return f"Record({self._requests!r})"
