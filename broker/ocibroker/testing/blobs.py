"""The blob end points that read and delete (OCI distribution specification v1.1, end-2 and end-10)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ocibroker.testing.request import Request
from ocibroker.testing.response import CannedResponse
from ocibroker.testing.store import Store

RANGE = re.compile(r"bytes=(?P<first>\d*)-(?P<last>\d*)")


def read_blob(store: Store, request: Request, where: Mapping[str, str]) -> CannedResponse:
    """Answer GET or HEAD with the blob, or with the one range that ``Range`` asks for (RFC 9110, 14)."""
    blob = store.find_blob(where["name"], where["digest"])
    headers = {
        "Content-Type": "application/octet-stream",
        "Docker-Content-Digest": where["digest"],
        "Accept-Ranges": "bytes",
    }
    asked = RANGE.fullmatch(request.headers.get("Range", ""))
    if request.method == "HEAD" or asked is None or asked.group() == "bytes=-":
        return CannedResponse(200, headers, blob)
    return _part(blob, headers, _positions(asked, len(blob)))


def delete_blob(store: Store, request: Request, where: Mapping[str, str]) -> CannedResponse:
    """Answer DELETE of a blob."""
    store.find_blob(where["name"], where["digest"])
    del store.find(where["name"]).blobs[where["digest"]]
    return CannedResponse(202)


def _positions(asked: re.Match[str], size: int) -> range:
    if not asked["first"]:
        return range(max(0, size - int(asked["last"])), size)
    end = int(asked["last"]) + 1 if asked["last"] else size
    return range(int(asked["first"]), min(end, size))


def _part(blob: bytes, headers: Mapping[str, str], positions: range) -> CannedResponse:
    if not positions:
        return CannedResponse(416, {"Content-Range": f"bytes */{len(blob)}"})
    span = f"bytes {positions.start}-{positions.stop - 1}/{len(blob)}"
    part = blob[positions.start : positions.stop]
    return CannedResponse(206, {**headers, "Content-Range": span}, part)
