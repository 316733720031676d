"""What a test server was sent, so that "who received the credential" is an assertion."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import TypeAlias

Parameters: TypeAlias = Mapping[str, list[str]]


@dataclass(frozen=True)
class RecordedRequest:
    """One request; the headers' names are in lower case."""

    method: str
    path: str
    query: Parameters
    headers: Mapping[str, str]
    form: Parameters


@dataclass(frozen=True)
class RequestLog:
    """The requests in the order of their arrival, from any thread."""

    _requests: list[RecordedRequest] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def record(self, request: RecordedRequest) -> None:
        with self._lock:
            self._requests.append(request)

    def clear(self) -> None:
        with self._lock:
            self._requests.clear()

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        with self._lock:
            return tuple(self._requests)
