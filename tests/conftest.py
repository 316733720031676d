"""What all tests share: their pace, one authority, desks and clocks for who has none, and an ear on their logs."""

from __future__ import annotations

import gc
import signal
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from ocibroker.testing import Authority
from tests.overheard import overheard
from tests.transport.brokers import Desk
from tests.transport.hand_clock import HandClock


def pytest_configure() -> None:
    """Time no example, since others may be using the processor; and let Ctrl-C be for our children too.

    They inherit from who was started in the background that it is ignored.
    """
    settings.register_profile("untimed", deadline=None)
    settings.load_profile("untimed")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """One more than there are processors, which waited for others, disks and moments a quarter of the time."""
    processors = yield
    return processors + 1


def pytest_collection_finish() -> None:
    """Whoever looks for garbage need not look at half a million objects that stay until the end."""
    gc.collect()
    gc.freeze()


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
