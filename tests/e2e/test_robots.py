"""docker-registry knows each vendor's robot by the user name that the vendor documents, and lets it pull."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pytest

from tests.e2e import docker_registry, registry_auth
from tests.e2e.account import Account
from tests.e2e.authority import Authority
from tests.e2e.stocked_registry import StockedRegistry
from tests.e2e.workstation import Workstation
from tests.vendors.asking import rule

pytestmark = pytest.mark.e2e

IDENTITY: Final = "720909c9f5279097d847ad02a2f24ba8f59de36a/a033a6fabe0bfa0d"
ROBOTS: Final = MappingProxyType(
    {
        "artifactory": ("alice", {"username": "alice"}),
        "chainguard": (IDENTITY, {"identity": IDENTITY}),
        "cloudsmith": ("token", {}),
        "dockerhub": ("acme", {"organization": "acme"}),
        "harbor": ("robot$library+ci", {"robot": "library+ci"}),
        "oracle": ("ansh81vru1zp/jdoe@acme.com", {"namespace": "ansh81vru1zp", "username": "jdoe@acme.com"}),
        "quay": ("acme+deploy", {"username": "acme+deploy"}),
    }
)
"""By provider: the user whom the registry knows, and what a rule says of him."""
ACCOUNTS: Final = MappingProxyType(
    {name: Account(user, secrets.token_hex(16)) for name, (user, _) in ROBOTS.items()}
)


@pytest.fixture(scope="module")
def robots(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StockedRegistry]:
    """A registry that knows one robot of each vendor's."""
    folder = tmp_path_factory.mktemp("registry-robots")
    auth, first = registry_auth.htpasswd(folder / "htpasswd", *ACCOUNTS.values()), ACCOUNTS["quay"]
    with docker_registry.serving(authority, folder, auth) as server:
        yield StockedRegistry(server, authority, first).stock(folder, ["--dest-creds", first.pair])


@pytest.mark.parametrize("name", ROBOTS)
def test_a_robot_pulls_a_chart(name: str, robots: StockedRegistry, tmp_path: Path) -> None:
    secret = "secret" if name == "harbor" else "token"
    (tmp_path / "kept").write_text(ACCOUNTS[name].password)
    host, (_, said) = robots.server.local, ROBOTS[name]
    (tmp_path / "config.toml").write_text(rule(name, host, **{**said, secret: {"file": "kept"}}))
    settings = {"OCIBROKER_CONFIG": str(tmp_path / "config.toml"), "SSL_CERT_FILE": str(robots.authority.bundle)}
    home = Workstation.create(tmp_path / "home", settings, helpers={})
    done = home.run("ocibroker", "pull", "--output", str(tmp_path / "pulled"), f"{host}/{robots.chart.name}")
    assert (done.returncode, done.stdout) == (0, done.stdout), done.stderr
    assert [path.read_bytes() for path in (tmp_path / "pulled").glob("*.tgz")] == [robots.chart.layer.content]
