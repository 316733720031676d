"""One HTTP response of the embedded registry, computed or canned."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True)
class CannedResponse:
    """Status, header fields and body, sent exactly so.

    A header's value may be a tuple: the field is then repeated. ``Content-Length`` is added unless it, or
    ``Transfer-Encoding``, is given; in that case the body is sent as it is and the connection closed, so that
    a body can be cut short.
    """

    status: int = 200
    headers: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def of_json(
        cls, value: object, *, status: int = 200, headers: Mapping[str, str] = MappingProxyType({})
    ) -> CannedResponse:
        """Return ``value`` as JSON, with its content type."""
        fields = {"Content-Type": "application/json", **headers}
        return cls(status, fields, json.dumps(value).encode())

    @property
    def framed(self) -> bool:
        """Whether the header fields already say how long the body is."""
        return not {"content-length", "transfer-encoding"}.isdisjoint(map(str.lower, self.headers))

    def fields(self) -> list[tuple[str, str]]:
        """Return the header fields one by one, in the order in which they are sent."""
        pairs = [(name, value) for name, values in self.headers.items() for value in _each(values)]
        return pairs if self.framed else [*pairs, *self._length()]

    def _length(self) -> list[tuple[str, str]]:
        # RFC 9110, 8.6: a 1xx or 204 response carries no Content-Length.
        return [] if self.status < 200 or self.status == 204 else [("Content-Length", str(len(self.body)))]


def _each(values: str | tuple[str, ...]) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else values
