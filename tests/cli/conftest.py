"""Every test has a home of its own."""

from pathlib import Path

import pytest

from tests.cli import acme
from tests.cli.neighbourhood import Neighbourhood
from tests.cli.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def neighbourhood(desk: Desk) -> Neighbourhood:
    return Neighbourhood(desk, acme.install(desk.home / "packages"))
