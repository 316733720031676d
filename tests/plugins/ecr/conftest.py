"""An AWS on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ocibroker.testing import Authority
from tests.aws.emulator import NAMES, Aws, serving


@pytest.fixture
def aws(authority: Authority) -> Iterator[Aws]:
    with serving(authority.server_context(*NAMES)) as running:
        yield running
