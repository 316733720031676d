"""A form, as an OAuth endpoint takes it."""

from __future__ import annotations

from urllib.parse import parse_qs

from ocibroker.testing.request import Request
from tests.google.refusal import Refusal


def form_of(request: Request, path: str) -> dict[str, str]:
    """Return the fields of a form that was posted to ``path``, each once, or refuse."""
    kind = request.headers.get("content-type")
    if (request.method, request.path, kind) != ("POST", path, "application/x-www-form-urlencoded"):
        raise Refusal("invalid_request")
    fields = parse_qs(request.body.decode(), strict_parsing=True)
    if any(len(values) > 1 for values in fields.values()):
        raise Refusal("invalid_request")
    return {name: values[0] for name, values in fields.items()}
