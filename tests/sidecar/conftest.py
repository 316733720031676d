"""A folder that is short enough for a socket, an event loop of each kind, and one stand for each test."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sidecar.stand import Stand
from tests.transport.hand_clock import HandClock


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody may enter, and only its owner may write: pytest's own are closed to others."""
    path = Path(tempfile.mkdtemp(prefix="ocb")).resolve()
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(params=["asyncio", "uvloop"])
def loop(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stand(tmp_path: Path, roots: Path, clock: HandClock) -> Stand:
    return Stand(tmp_path, roots, clock)
