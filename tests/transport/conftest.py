"""Desks that close what they opened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.transport.brokers import Desk
from tests.transport.hand_clock import HandClock


@pytest.fixture
def desk(tmp_path: Path, roots: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, roots)
    yield made
    made.close()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()
