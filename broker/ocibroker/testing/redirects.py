"""Redirects of whole paths, as registries send clients to a blob store."""

from __future__ import annotations

from collections.abc import Mapping

from ocibroker.testing.request import Request


def location(request: Request, redirects: Mapping[str, str]) -> str | None:
    """Return where a GET or HEAD is sent, by the longest prefix that ends at a ``/`` of the path; or ``None``."""
    if request.method not in {"GET", "HEAD"}:
        return None
    prefix = max((prefix for prefix in redirects if _below(request.path, prefix)), key=len, default=None)
    if prefix is None:
        return None
    query = f"?{request.query_string}" if request.query_string else ""
    return redirects[prefix] + request.path[len(prefix) :] + query


def _below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix.removesuffix("/") + "/")
