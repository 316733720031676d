"""The listing end points: tags (OCI distribution specification v1.1, end-8) and Docker's catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

from ocibroker.testing.distribution_error import DistributionError
from ocibroker.testing.request import Request
from ocibroker.testing.response import CannedResponse
from ocibroker.testing.store import Store


def list_tags(store: Store, request: Request, where: Mapping[str, str]) -> CannedResponse:
    """Answer GET with a repository's tags in lexical order, by pages of ``n`` after ``last``."""
    tags, link = _page(store.find(where["name"]).tags, request)
    return CannedResponse.of_json({"name": where["name"], "tags": tags}, headers=link)


def list_repositories(store: Store, request: Request, where: Mapping[str, str]) -> CannedResponse:
    """Answer GET with all repositories' names, by pages of ``n`` after ``last``."""
    names, link = _page(store.repositories, request)
    return CannedResponse.of_json({"repositories": names}, headers=link)


def _page(names: Iterable[str], request: Request) -> tuple[list[str], dict[str, str]]:
    after = request.parameter("last") or ""
    left = sorted(name for name in names if name > after)
    size = _size(request, len(left))
    page = left[:size]
    if not page or len(page) == len(left):
        return page, {}
    query = urlencode({"n": size, "last": page[-1]})
    return page, {"Link": f'<{request.path}?{query}>; rel="next"'}


def _size(request: Request, everything: int) -> int:
    asked = request.parameter("n")
    if asked is None:
        return everything
    if not asked.isdecimal():
        raise DistributionError("SIZE_INVALID", f"n={asked!r} is not a number of entries")
    return int(asked)
