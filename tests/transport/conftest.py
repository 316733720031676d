"""One authority for all tests here; desks that close what they opened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ocibroker.testing import Authority
from tests.transport.brokers import Desk
from tests.transport.hand_clock import HandClock


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="session")
def roots(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What stands for the system's roots."""
    return authority.write(tmp_path_factory.mktemp("roots"))


@pytest.fixture
def desk(tmp_path: Path, roots: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, roots)
    yield made
    made.close()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()
