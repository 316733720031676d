"""One authority, and desks and clocks, for all tests that name none of their own."""

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
    """Brokers with a configuration in the test's folder, closed afterwards."""
    made = Desk(tmp_path, roots)
    yield made
    made.close()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()
