"""The private registry, and what is pulled from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from ocibroker.testing import Authority, EmbeddedRegistry, chart
from tests.transport.brokers import Desk, Mode, exchange

APP = chart("app", "1.2.3")
NOTHING: Mapping[str, str] = MappingProxyType({})


@contextmanager
def registry(authority: Authority | None, *, users: bool = True) -> Iterator[EmbeddedRegistry]:
    context = authority.server_context("registry.test") if authority else None
    known = {"alice": "wonder", "bob": "builder"} if users else {}
    with EmbeddedRegistry(tls=context, users=known, host="registry.test") as running:
        running.push("charts/app", APP.tag, APP.manifest, APP.media_type, APP.blobs)
        yield running


def pull(desk: Desk, text: str, address: str, mode: Mode = "sync", environ: Mapping[str, str] = NOTHING) -> bytes:
    """Return the chart's manifest, pulled by a broker that has nothing but those rules."""
    access = desk.broker(text, environ=environ).access(f"{address}/charts/app")
    path = f"/v2/charts/app/manifests/{APP.tag}"
    return exchange(access, mode, "GET", path, headers={"Accept": APP.media_type}).content
