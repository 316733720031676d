"""A world for each test; its servers' certificates are made once."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocibroker.testing import Authority, EmbeddedRegistry
from tests.bundle.site import site
from tests.bundle.world import CHARTS, LOOKALIKES, REGISTRY, World
from tests.transport.brokers import Desk
from tests.transport.canary import Canary


@pytest.fixture(scope="session")
def canary() -> Canary:
    return Canary()


@pytest.fixture(scope="session")
def tls(authority: Authority) -> ssl.SSLContext:
    return authority.server_context(CHARTS, *LOOKALIKES, "localhost")


@pytest.fixture
def world(tls: ssl.SSLContext, canary: Canary, tmp_path: Path, roots: Path) -> Iterator[World]:
    home = tmp_path / "home"
    home.mkdir()
    desk = Desk(home, roots)
    with site(tls) as charts, site(tls) as spy, site(None) as plain:
        yield World(desk, charts, spy, plain, canary, tmp_path / "out")
    desk.close()


@pytest.fixture
def registry(authority: Authority) -> Iterator[EmbeddedRegistry]:
    """A registry with an account of its own."""
    tls = authority.server_context(REGISTRY)
    with EmbeddedRegistry(tls=tls, users={"bob": "bobs-own"}, host=REGISTRY) as running:
        yield running
