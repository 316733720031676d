"""A Helm repository on a site: archives, and the index that names them; and a registry beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ocibroker import Broker
from ocibroker.testing import EmbeddedRegistry
from ocibroker.testing.chart import Chart, chart
from tests.bundle.site import Site
from tests.bundle.world import CHARTS, REGISTRY, World
from tests.transport.brokers import rule


def entry(version: str, *urls: str, name: str = "app", **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"apiVersion": "v2", "name": name, "version": version, "urls": list(urls), **more}


def index(*entries: Mapping[str, Any]) -> bytes:
    """Return an index of those; JSON, which is YAML."""
    by_name: dict[str, list[Mapping[str, Any]]] = {}
    for one in entries:
        by_name.setdefault(str(one["name"]), []).append(one)
    return json.dumps({"apiVersion": "v1", "entries": by_name}).encode()


def stock(site: Site, charts: Sequence[Chart], path: str = "", base: str = "") -> None:
    """Have ``site`` offer ``charts`` below ``path``; ``base`` is what the index's URLs begin with."""
    files = {f"{one.name}-{one.version}.tgz": one for one in charts}
    site.files |= {f"{path}/{name}": one.layer for name, one in files.items()}
    site.files[f"{path}/index.yaml"] = index(
        *(
            entry(one.version, f"{base}{name}", name=one.name, digest=hashlib.sha256(one.layer).hexdigest())
            for name, one in files.items()
        )
    )


def versions(*wanted: str, name: str = "app") -> list[Chart]:
    return [chart(name, one) for one in wanted]


def push(registry: EmbeddedRegistry, one: Chart) -> None:
    registry.push(f"charts/{one.name}", one.tag, one.manifest, one.media_type, one.blobs)


def beside(world: World, registry: EmbeddedRegistry, *rules: str) -> Broker:
    """Return a broker that gives alice's password on charts.test, and reaches the registry too."""

    def route(host: str, port: int) -> tuple[str, int]:
        return ("127.0.0.1", port) if host == REGISTRY else world.route(host, port)

    return world.desk.broker("\n".join((rule(CHARTS, password=world.password), *rules)), route=route)
