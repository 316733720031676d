"""Issuers and exchanges on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ocibroker.testing import Authority
from tests.oidc import exchanges, issuers
from tests.oidc.issuers import POD_TOKEN
from tests.oidc.world import World, serving
from tests.plugins.oidc.asking import HOSTS
from tests.transport.hand_clock import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def world(authority: Authority, clock: HandClock) -> Iterator[World]:
    services = {
        HOSTS["rfc8693"]: exchanges.rfc8693,
        HOSTS["quay"]: exchanges.quay,
        HOSTS["dockerhub"]: exchanges.dockerhub,
        HOSTS["artifactory"]: exchanges.artifactory,
        HOSTS["chainguard"]: exchanges.chainguard,
        HOSTS["cloudsmith"]: exchanges.cloudsmith,
        HOSTS["github"]: issuers.github,
        HOSTS["kubernetes"]: issuers.kubernetes,
        HOSTS["google"]: issuers.google,
    }
    with serving(World(services, clock.now), authority.server_context(*HOSTS.values())) as running:
        yield running


@pytest.fixture
def pod(tmp_path: Path, authority: Authority) -> Path:
    """What a pod finds of its own service account."""
    folder = tmp_path / "pod"
    folder.mkdir()
    (folder / "token").write_text(POD_TOKEN)
    (folder / "ca.crt").write_text(authority.pem)
    return folder
