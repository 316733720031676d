"""One authority, desks and clocks for all tests that name none of their own, and an ear on their logs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ocibroker.testing import Authority
from tests.overheard import overheard
from tests.transport.brokers import Desk
from tests.transport.hand_clock import HandClock


@pytest.fixture(autouse=True)
def _no_secret_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail the test that has had a secret logged, at any level and by anybody."""
    yield
    if told := [one for phase in ("setup", "call", "teardown") for one in overheard(caplog.get_records(phase))]:
        pytest.fail("\n".join(["a secret is logged:", *told]), pytrace=False)


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
