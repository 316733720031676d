"""Real clients find their credential through ``docker-credential-ocibroker``."""

import re
from operator import attrgetter
from pathlib import Path

import pytest

from tests.e2e import broker_configuration, clients
from tests.e2e.client import CLIENTS, DOCKER, Client
from tests.e2e.stocked_registry import StockedRegistry
from tests.e2e.workstation import Workstation

pytestmark = pytest.mark.e2e

each_client = pytest.mark.parametrize("client", [*CLIENTS, DOCKER], ids=attrgetter("name"))


@pytest.fixture
def stranger(registry: StockedRegistry, tmp_path: Path) -> Workstation:
    """A machine that has the broker and its configuration, but whose clients were not told of it."""
    clients.find("docker-credential-ocibroker")
    config = broker_configuration.write(tmp_path, registry)
    return Workstation.create(tmp_path / "stranger", settings={"OCIBROKER_CONFIG": str(config)}, helpers={})


@pytest.fixture
def resident(registry: StockedRegistry, stranger: Workstation) -> Workstation:
    """The same machine, where they were."""
    home = stranger.home.with_name("resident")
    return Workstation.create(home, settings=stranger.settings, helpers={registry.address: "ocibroker"})


@each_client
def test_a_client_is_served_through_the_helper_and_refused_without(
    client: Client, registry: StockedRegistry, stranger: Workstation, resident: Workstation
) -> None:
    refused = stranger.run(*client.command(registry))
    assert refused.returncode != 0
    assert re.search("authentication required|authorization failed|no basic auth credentials", refused.stderr)

    served = resident.run(*client.command(registry))
    assert (served.returncode, served.stderr) == (0, served.stderr)
    assert client.received(registry, resident, served) == client.expected(registry)
