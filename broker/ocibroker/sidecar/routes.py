"""What is answered where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ocibroker.frontends.table import FRONT_ENDS
from ocibroker.sidecar.credentials import Credentials
from ocibroker.sidecar.generation import Generations
from ocibroker.sidecar.helpers import OCTETS, helper
from ocibroker.sidecar.listener import Listener
from ocibroker.sidecar.message import JSON, Endpoint
from ocibroker.sidecar.reaches import Reaches
from ocibroker.sidecar.repeats import Known

SHOWN: Final = frozenset({"/", "/status.json"})
"""What is for people, and their browsers."""

Places = Mapping[tuple[str, str], Endpoint]
"""Endpoints by method and path."""


@dataclass(frozen=True, slots=True)
class Route:
    """``content_type`` is what a body must be, empty for anything; of a ``safe`` one no mark is wanted.

    One that is ``shown`` a browser may ask for, if its user goes there himself; one that ``acts`` is for who
    administers the sidecar.
    """

    endpoint: Endpoint
    content_type: bytes = b""
    safe: bool = False
    shown: bool = False
    acts: bool = False


def _nothing(body: bytes, listener: Listener) -> None:
    """Know of no reply that could be given again."""


@dataclass(frozen=True, slots=True)
class Routes:
    """Routes by path, then by method.

    ``kept`` is a reply that was given before, and ``current`` one that still holds: giving that again counts.
    """

    routes: Mapping[str, Mapping[str, Route]]
    current: Known = _nothing
    kept: Known = _nothing

    def at(self, path: str) -> Mapping[str, Route] | None:
        """Return the methods of ``path`` and their routes; none where there is no such path."""
        return self.routes.get(path)

    def shows(self, path: str, method: str) -> bool:
        """Whether a person may look at it in a browser."""
        route = self.routes.get(path, {}).get(method)
        return route is not None and route.shown


def api(generations: Generations) -> Routes:
    """Return the routes of API v1."""
    reaches = Reaches()
    credentials = Credentials(generations, reaches)
    json, octets = JSON.encode("ascii"), OCTETS.encode("ascii")
    routes = {
        "/v1/credentials": Route(credentials.credential, json),
        "/v1/trust": Route(credentials.trust, json),
    }
    for name, front in FRONT_ENDS.items():
        for verb in front.verbs:
            endpoint = helper(front, verb, generations, reaches)
            routes[f"/v1/helpers/{name}/{verb}"] = Route(endpoint, octets)
    by_path = {path: MappingProxyType({"POST": route}) for path, route in routes.items()}
    return Routes(by_path, credentials.current, credentials.kept)


def administration(places: Places) -> Routes:
    """Return the routes of ``places``: who reads needs no mark, and who acts must administer."""
    routes: dict[str, dict[str, Route]] = {}
    for (method, path), endpoint in places.items():
        safe = method in {"GET", "HEAD"}
        shown = safe and path in SHOWN
        routes.setdefault(path, {})[method] = Route(endpoint, safe=safe, shown=shown, acts=not safe)
    return Routes(routes)
