"""An AWS on loopback, and brokers that trust it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ocibroker.testing import Authority
from tests.aws.emulator import NAMES, Aws, serving
from tests.transport.brokers import Desk


@pytest.fixture
def aws(authority: Authority) -> Iterator[Aws]:
    with serving(authority.server_context(*NAMES)) as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, authority: Authority) -> Iterator[Desk]:
    made = Desk(tmp_path, authority.write(tmp_path / "roots"))
    yield made
    made.close()
