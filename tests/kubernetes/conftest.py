"""A private registry whose authority the system does not know, and a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ocibroker.testing import Authority
from tests.kubernetes.cluster import HOST, Cluster, serving


@pytest.fixture(scope="session")
def private() -> Authority:
    """The authority of the private registry, which only a secret names."""
    return Authority()


@pytest.fixture(scope="session")
def of_cluster() -> Authority:
    """The cluster's own authority, which only the service account's folder names."""
    return Authority()


@pytest.fixture
def cluster(tmp_path: Path, of_cluster: Authority) -> Iterator[Cluster]:
    with serving(tmp_path, of_cluster.server_context(HOST)) as running:
        running.mount(of_cluster)
        yield running
