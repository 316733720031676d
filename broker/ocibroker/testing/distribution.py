"""The OCI distribution API over a store: which end point answers a request."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from ocibroker.testing import blobs, listings, manifests, uploads
from ocibroker.testing.distribution_error import DistributionError
from ocibroker.testing.request import Request
from ocibroker.testing.response import CannedResponse
from ocibroker.testing.store import Manifest, Store

EndPoint = Callable[[Store, Request, Mapping[str, str]], CannedResponse]


@dataclass(frozen=True)
class Route:
    """The end points of one path, by HTTP method."""

    path: re.Pattern[str]
    end_points: Mapping[str, EndPoint]


def _version(store: Store, request: Request, where: Mapping[str, str]) -> CannedResponse:
    return CannedResponse.of_json({})


ROUTES = (
    Route(re.compile(r"/v2/?"), {"GET": _version, "HEAD": _version}),
    Route(re.compile(r"/v2/_catalog"), {"GET": listings.list_repositories}),
    Route(re.compile(r"/v2/(?P<name>.+)/tags/list"), {"GET": listings.list_tags}),
    Route(re.compile(r"/v2/(?P<name>.+)/blobs/uploads/?"), {"POST": uploads.start_upload}),
    Route(
        re.compile(r"/v2/(?P<name>.+)/blobs/uploads/(?P<session>[^/]+)"),
        {
            "GET": uploads.report_upload,
            "PATCH": uploads.continue_upload,
            "PUT": uploads.finish_upload,
            "DELETE": uploads.cancel_upload,
        },
    ),
    Route(
        re.compile(r"/v2/(?P<name>.+)/blobs/(?P<digest>[^/]+)"),
        {"GET": blobs.read_blob, "HEAD": blobs.read_blob, "DELETE": blobs.delete_blob},
    ),
    Route(
        re.compile(r"/v2/(?P<name>.+)/manifests/(?P<reference>[^/]+)"),
        {
            "GET": manifests.read_manifest,
            "HEAD": manifests.read_manifest,
            "PUT": manifests.write_manifest,
            "DELETE": manifests.delete_manifest,
        },
    ),
)


@dataclass(frozen=True)
class Distribution:
    """The registry's API without network, TLS or authentication.

    It has no referrers end point: its 404 sends clients to the referrers tag, as the specification allows.
    """

    store: Store = field(default_factory=Store)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: Request) -> CannedResponse:
        """Answer one request; what it refuses is answered with the specification's error body."""
        try:
            end_point, where = _route(request)
            # One lock for everything: an answer is computed in memory, and the body was read before.
            with self._lock:
                return end_point(self.store, request, where)
        except DistributionError as error:
            return error.response()

    def push(self, name: str, tag: str, manifest: Manifest, content: Iterable[bytes]) -> str:
        """Keep a manifest under ``tag`` with its blobs; return its digest. Raises `DistributionError`."""
        with self._lock:
            repository = self.store.open(name)
            for blob in content:
                repository.add(blob)
            return manifests.keep_manifest(repository, tag, manifest)


def _route(request: Request) -> tuple[EndPoint, Mapping[str, str]]:
    path = unquote(request.path)
    for route in ROUTES:
        if (match := route.path.fullmatch(path)) is None:
            continue
        if request.method not in route.end_points:
            raise DistributionError("UNSUPPORTED", f"{request.method} is not supported at {path}")
        return route.end_points[request.method], match.groupdict()
    raise DistributionError("NAME_UNKNOWN", f"there is nothing at {path}")
