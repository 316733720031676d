"""A Vault on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ocibroker.testing import Authority
from tests.vault.emulator import HOST, Vault, serving


@pytest.fixture
def vault(authority: Authority) -> Iterator[Vault]:
    with serving(authority.server_context(HOST)) as running:
        running.kv2["secret/charts"] = {"username": "alice", "password": "wonder"}
        yield running
