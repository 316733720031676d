"""A registry and a broker for each test."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocibroker.testing import Authority, EmbeddedRegistry
from tests.oci.shop import HOST, Shop
from tests.transport.brokers import Desk, rule
from tests.transport.canary import Canary


@pytest.fixture(scope="session")
def canary() -> Canary:
    return Canary()


@pytest.fixture(scope="session")
def password(canary: Canary) -> str:
    return canary.ascii.reveal()


@pytest.fixture(scope="session")
def tls(authority: Authority) -> ssl.SSLContext:
    return authority.server_context(HOST)


@pytest.fixture
def registry(tls: ssl.SSLContext, password: str) -> Iterator[EmbeddedRegistry]:
    with EmbeddedRegistry(tls=tls, users={"alice": password}, host=HOST) as running:
        yield running


@pytest.fixture
def shop(registry: EmbeddedRegistry, tmp_path: Path, roots: Path, password: str) -> Iterator[Shop]:
    home, out = tmp_path / "home", tmp_path / "out"
    home.mkdir()
    desk = Desk(home, roots)
    yield Shop(registry, desk.broker(rule(registry.address, password=password)), desk, out)
    desk.close()
