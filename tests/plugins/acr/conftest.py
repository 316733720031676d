"""An Azure on loopback, and certificates of its applications."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ocibroker.testing import Authority
from tests.azure.emulator import NAMES, Azure, serving
from tests.plugins.acr.certificates import PASSWORD, Certified, certificate


@pytest.fixture
def azure(authority: Authority) -> Iterator[Azure]:
    with serving(authority.server_context(*NAMES)) as running:
        yield running


@pytest.fixture(scope="session")
def certified() -> Certified:
    return certificate()


@pytest.fixture(scope="session")
def encrypted() -> Certified:
    return certificate(PASSWORD)
