"""One server for all tests of the fleet, emptied before each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.authority import Authority
from tests.fleet.machines import Fleet
from tests.fleet.redis_server import RedisServer, serving


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.create(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def running(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with serving(authority, tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def server(running: RedisServer) -> RedisServer:
    running.ask("FLUSHALL")
    return running


@pytest.fixture
def fleet(server: RedisServer, authority: Authority, tmp_path: Path) -> Iterator[Fleet]:
    made = Fleet(server, authority, tmp_path)
    yield made
    made.close()
