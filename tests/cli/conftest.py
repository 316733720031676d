"""Every test has a home of its own."""

from pathlib import Path

import pytest

from tests.cli import acme
from tests.cli.desk import Desk
from tests.cli.neighbourhood import Neighbourhood


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def neighbourhood(desk: Desk) -> Neighbourhood:
    return Neighbourhood(desk, acme.install(desk.home / "packages"))
