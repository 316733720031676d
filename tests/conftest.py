"""One authority for all tests that name none of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocibroker.testing import Authority


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="session")
def roots(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What stands for the system's roots."""
    return authority.write(tmp_path_factory.mktemp("roots"))
