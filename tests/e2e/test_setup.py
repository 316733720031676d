"""In an empty home, ``ocibroker setup … --apply`` is all that real clients need, private authority or not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path

import pytest

from tests.e2e import broker_configuration, docker_registry, registry_auth
from tests.e2e.account import Account
from tests.e2e.authority import Authority
from tests.e2e.client import CLIENTS, Client
from tests.e2e.household import Household
from tests.e2e.requirement import loopback
from tests.e2e.stocked_registry import StockedRegistry

pytestmark = pytest.mark.e2e

TRUST = re.compile("--(?:src-)?(?:cert-dir|ca-file)=")


def tool_of(client: Client) -> str:
    return "helm" if client.name.startswith("helm") else "podman"


def untold(client: Client, registry: StockedRegistry) -> list[str]:
    """Return the client's command without what tells it of certificates."""
    return [part for part in client.command(registry) if not TRUST.match(part)]


def exported(said: str) -> dict[str, str]:
    """Return the variables that ``setup`` says to export."""
    return dict(re.findall(r"export (\w+)=(\S+)", said))


@pytest.mark.parametrize("client", CLIENTS, ids=attrgetter("name"))
def test_a_client_that_was_set_up_needs_nothing_else(
    client: Client, registry: StockedRegistry, tmp_path: Path
) -> None:
    home = Household.furnish(tmp_path / "home", broker_configuration.write(tmp_path, registry))
    command = untold(client, registry)
    assert "certificate signed by unknown authority" in home.run(*command).stderr
    before = home.configured
    said = home.setup(tool_of(client), "--apply").stderr
    told = Household(home.home, {**home.settings, **exported(said)})
    served = told.run(*command)
    assert (served.returncode, served.stderr) == (0, served.stderr)
    assert client.received(registry, told, served) == client.expected(registry)
    home.setup(tool_of(client), "--undo")
    assert home.configured == before


@pytest.fixture
def registry_mutual(
    authority: Authority, account: Account, registry_htpasswd: StockedRegistry, tmp_path: Path
) -> Iterator[StockedRegistry]:
    """The same registry's storage behind a server that wants a client certificate too."""
    loopback(docker_registry.NAMES[0])
    folder = tmp_path / "registry-mutual"
    folder.mkdir()
    (folder / "storage").symlink_to(registry_htpasswd.server.log.parent / "storage")
    auth = registry_auth.htpasswd(folder / "htpasswd", account)
    with docker_registry.serving(authority, folder, auth, clients=authority.bundle) as server:
        yield StockedRegistry(server, authority, account)


@pytest.mark.parametrize("client", [one for one in CLIENTS if tool_of(one) == "podman"], ids=attrgetter("name"))
def test_a_client_certificate_is_presented_where_the_registry_wants_one(
    client: Client, registry_mutual: StockedRegistry, tmp_path: Path
) -> None:
    configuration = broker_configuration.write(tmp_path, registry_mutual)
    without = Household.furnish(tmp_path / "without", configuration)
    without.setup("podman", "--apply")
    command = untold(client, registry_mutual)
    assert re.search("tls: (?:bad certificate|certificate required)", without.run(*command).stderr)
    mine = registry_mutual.authority.issue("alice.test")
    with configuration.open("a") as file:
        file.write(f'client_cert = "{mine.chain}"\nclient_key = "{mine.key}"\n')
    home = Household.furnish(tmp_path / "home", configuration)
    home.setup("podman", "--apply")
    served = home.run(*command)
    assert (served.returncode, served.stderr) == (0, served.stderr)
    assert client.received(registry_mutual, home, served) == client.expected(registry_mutual)
