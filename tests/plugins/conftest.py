"""Brokers that trust what stands for the system's roots."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ocibroker.testing import Authority
from tests.transport.brokers import Desk


@pytest.fixture
def desk(tmp_path: Path, authority: Authority) -> Iterator[Desk]:
    made = Desk(tmp_path, authority.write(tmp_path / "roots"))
    yield made
    made.close()
