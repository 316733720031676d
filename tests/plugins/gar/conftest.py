"""A Google Cloud on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ocibroker.testing import Authority
from tests.google.emulator import NAMES, Google, serving


@pytest.fixture
def google(authority: Authority) -> Iterator[Google]:
    with serving(authority.server_context(*NAMES)) as running:
        yield running
