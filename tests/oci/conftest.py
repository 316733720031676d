"""A registry and a broker for each test."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocibroker.testing import Authority
from tests.oci.shop import HOST, Shop, opened
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
def shop(tls: ssl.SSLContext, password: str, roots: Path, tmp_path: Path) -> Iterator[Shop]:
    with opened(tmp_path, tls, password, roots) as one:
        yield one
