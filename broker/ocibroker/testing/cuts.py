"""Connections that break in the middle of a blob."""

from __future__ import annotations

from collections.abc import MutableSequence

from ocibroker.testing.request import Request
from ocibroker.testing.response import CannedResponse


def cut(request: Request, response: CannedResponse, cuts: MutableSequence[int]) -> CannedResponse:
    """Return ``response``, cut short if it carries a blob and one of ``cuts`` is left, which is used up."""
    carries = request.method == "GET" and "/blobs/" in request.path and response.status in {200, 206}
    try:
        length = cuts.pop(0) if carries else len(response.body)
    except IndexError:
        return response
    if length >= len(response.body):
        return response
    headers = {**response.headers, "Content-Length": str(len(response.body))}
    return CannedResponse(response.status, headers, response.body[:length])
