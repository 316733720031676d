"""One HTTP request, as the embedded registry sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from ocibroker.testing.headers import Headers


@dataclass(frozen=True)
class Request:
    """A request that was read completely.

    ``path`` is as sent, without the query; ``client_certificate`` says whether the TLS peer presented one.
    """

    method: str
    path: str
    query_string: str = ""
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    client_certificate: bool = False

    @property
    def query(self) -> Mapping[str, tuple[str, ...]]:
        """Each query parameter with all its values, in order."""
        parsed = parse_qs(self.query_string, keep_blank_values=True)
        return {name: tuple(values) for name, values in parsed.items()}

    def parameter(self, name: str) -> str | None:
        """Return the first value of a query parameter, or ``None``."""
        return next(iter(self.query.get(name, ())), None)
