"""docker-registry knows each vendor's robot by the user name that the vendor documents, and lets it pull."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
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
KEPT: Final = MappingProxyType({"token": {"file": "kept"}})


@dataclass(frozen=True)
class Robot:
    """Whom the registry knows as ``user``, and what a rule for ``provider`` says of him.

    ``variable`` is where the password is, where a job of GitLab's has it.
    """

    provider: str
    user: str
    said: Mapping[str, object]
    variable: str = "UNUSED"
    password: str = field(default_factory=lambda: secrets.token_hex(16))


ROBOTS: Final = (
    Robot("artifactory", "alice", {"username": "alice", **KEPT}),
    Robot("chainguard", IDENTITY, {"identity": IDENTITY, **KEPT}),
    Robot("cloudsmith", "token", KEPT),
    Robot("cloudsmith", "acme-ci", {"username": "acme-ci", **KEPT}),
    Robot("dockerhub", "acme", {"organization": "acme", **KEPT}),
    Robot("dockerhub", "bob", {"username": "bob", **KEPT}),
    Robot("github", "octocat", {"username": "octocat", **KEPT}),
    Robot("gitlab", "gitlab", KEPT),
    Robot("gitlab", "gitlab-ci-token", {"ci": "job"}, "CI_JOB_TOKEN"),
    Robot("gitlab", "gitlab+deploy-token-7", {"ci": "deploy"}, "CI_DEPLOY_PASSWORD"),
    Robot("harbor", "robot$library+ci", {"robot": "library+ci", "secret": KEPT["token"]}),
    Robot("harbor", "carol", {"username": "carol", "secret": KEPT["token"]}),
    Robot(
        "oracle", "ansh81vru1zp/jdoe@acme.com", {"namespace": "ansh81vru1zp", "username": "jdoe@acme.com", **KEPT}
    ),
    Robot("quay", "acme+deploy", {"username": "acme+deploy", **KEPT}),
    Robot("quay", "$oauthtoken", {"username": "$oauthtoken", **KEPT}),
)


@pytest.fixture(scope="module")
def robots(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StockedRegistry]:
    """A registry that knows them all."""
    folder = tmp_path_factory.mktemp("registry-robots")
    accounts = [Account(robot.user, robot.password) for robot in ROBOTS]
    auth = registry_auth.htpasswd(folder / "htpasswd", *accounts)
    with docker_registry.serving(authority, folder, auth) as server:
        yield StockedRegistry(server, authority, accounts[0]).stock(folder, ["--dest-creds", accounts[0].pair])


@pytest.mark.parametrize("robot", ROBOTS, ids=lambda robot: f"{robot.provider}-{robot.user}")
def test_a_robot_pulls_a_chart(robot: Robot, robots: StockedRegistry, tmp_path: Path) -> None:
    host = robots.server.local
    (tmp_path / "kept").write_text(robot.password)
    (tmp_path / "config.toml").write_text(rule(robot.provider, host, **robot.said))
    settings = {
        "OCIBROKER_CONFIG": str(tmp_path / "config.toml"),
        "SSL_CERT_FILE": str(robots.authority.bundle),
        "CI_REGISTRY": host,
        "CI_DEPLOY_USER": robot.user,
        robot.variable: robot.password,
    }
    home = Workstation.create(tmp_path / "home", settings, helpers={})
    done = home.run("ocibroker", "pull", "--output", str(tmp_path / "pulled"), f"{host}/{robots.chart.name}")
    assert done.returncode == 0, done.stderr
    assert [path.read_bytes() for path in (tmp_path / "pulled").glob("*.tgz")] == [robots.chart.layer.content]
