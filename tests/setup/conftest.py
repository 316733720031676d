"""Every test has a household of its own."""

from pathlib import Path

import pytest

from tests.cli.desk import Desk
from tests.setup.household import Household


@pytest.fixture
def house(tmp_path: Path) -> Household:
    return Household(Desk(tmp_path))
