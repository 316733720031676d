"""Every test has a house of its own."""

from pathlib import Path

import pytest

from tests.cli.desk import Desk
from tests.doctor.house import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(Desk(tmp_path))
