"""The registries of the grid: one for each way of being trusted and of asking for a credential."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Literal

from ocibroker.testing import Authority, EmbeddedRegistry, chart

Trust = Literal["system", "private", "plain"]
Auth = Literal["none", "basic", "token"]

REPOSITORY = "charts/app"
USER, PASSWORD = "alice", "pass word-in-the-grid"
CHART = chart("app", "1.0.0")


@dataclass(frozen=True)
class Servers:
    """Registries by trust and authentication, and the authorities behind them."""

    system: Authority
    private: Authority
    stranger: Authority
    registries: dict[tuple[Trust, Auth], EmbeddedRegistry]


@contextmanager
def servers() -> Iterator[Servers]:
    system, private, stranger = Authority(), Authority(), Authority()
    contexts = {
        "system": system.server_context("localhost"),
        "private": private.server_context("localhost"),
        "plain": None,
    }
    found: dict[tuple[Trust, Auth], EmbeddedRegistry] = {}
    trusts: tuple[Trust, ...] = ("system", "private", "plain")
    auths: tuple[Auth, ...] = ("none", "basic", "token")
    with ExitStack() as stack:
        for trust in trusts:
            for auth in auths:
                users = {} if auth == "none" else {USER: PASSWORD}
                registry = EmbeddedRegistry(tls=contexts[trust], users=users, auth=auth)
                found[trust, auth] = stack.enter_context(registry)
                registry.push(REPOSITORY, CHART.tag, CHART.manifest, CHART.media_type, CHART.blobs)
        yield Servers(system, private, stranger, found)
