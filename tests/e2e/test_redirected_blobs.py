"""A registry that sends its clients to another host for every blob."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ocibroker import oci
from tests.e2e import docker_registry, registry_auth
from tests.e2e.account import Account
from tests.e2e.authority import Authority
from tests.e2e.blob_store import blob_store
from tests.e2e.served import Served
from tests.e2e.stocked_registry import StockedRegistry
from tests.transport.answering_server import AnsweringServer, answering

pytestmark = pytest.mark.e2e

HOST = "blobs.test"


@pytest.fixture
def store(authority: Authority, tmp_path: Path) -> Iterator[AnsweringServer]:
    with answering(blob_store(tmp_path / "storage"), authority.issue(HOST).server_context()) as server:
        yield server


@pytest.fixture
def served(authority: Authority, account: Account, store: AnsweringServer, tmp_path: Path) -> Iterator[Served]:
    address = f"{HOST}:{store.port}"
    auth = registry_auth.htpasswd(tmp_path / "htpasswd", account)
    with docker_registry.serving(authority, tmp_path, auth, blobs=f"https://{address}") as server:
        registry = StockedRegistry(server, authority, account).stock(tmp_path, ["--dest-creds", account.pair])
        yield replace(Served.of(registry), stores=(address,))


@pytest.mark.acceptance(23, 24)
def test_a_chart_comes_from_there_and_the_credential_stays_here(
    served: Served, store: AnsweringServer, tmp_path: Path
) -> None:
    with served.broker(tmp_path) as broker:
        (file,) = oci.pull(broker, f"{served.address}/{served.chart.name}", tmp_path / "out").files
    assert f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}" == served.chart.layer.digest
    assert (len(store.requests), store.saw("Authorization")) == (1, [])
