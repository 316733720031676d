"""A world for each test; its servers' certificates are made once."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ocibroker.testing import Authority, EmbeddedRegistry
from tests.bundle.forge import Forge, forge
from tests.bundle.git_history import Work, history
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


@pytest.fixture(scope="session")
def past(tmp_path_factory: pytest.TempPathFactory) -> tuple[Work, Mapping[str, str]]:
    """A repository that nobody changes, and its commits by name."""
    return history(tmp_path_factory.mktemp("past") / "work")


@pytest.fixture
def here(tmp_path: Path, roots: Path, tls: ssl.SSLContext, canary: Canary) -> Iterator[Forge]:
    """A server of git repositories."""
    with forge(tmp_path / "here", roots, tls, canary) as made:
        yield made


@pytest.fixture
def spy(tmp_path: Path, roots: Path, tls: ssl.SSLContext, canary: Canary) -> Iterator[Forge]:
    """Another origin, which nobody has a credential for."""
    with forge(tmp_path / "spy", roots, tls, canary) as made:
        yield made


@pytest.fixture
def commits(here: Forge, past: tuple[Work, Mapping[str, str]]) -> Mapping[str, str]:
    """The history at ``open/app`` for everybody, and at ``private/app`` for alice."""
    for name in ("open/app", "private/app"):
        here.git.publish(name, past[0].folder)
    return past[1]
