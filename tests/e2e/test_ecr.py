"""A registry of Amazon ECR under its real name: without any configuration, its clients get what AWS issues."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws import emulator
from tests.aws.emulator import Aws
from tests.aws.registries import ACCOUNT
from tests.e2e import clients, docker_registry, registry_auth
from tests.e2e.account import Account
from tests.e2e.authority import Authority
from tests.e2e.stocked_registry import StockedRegistry
from tests.e2e.workstation import Workstation
from tests.transport.connect_proxy import ConnectProxy, proxying

pytestmark = [pytest.mark.e2e, pytest.mark.acceptance(34)]

HOST = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com"
API = "api.ecr.eu-west-1.amazonaws.com"
# As ECR does, the registry takes it by HTTP Basic; bcrypt takes 72 bytes of it.
ISSUED = Account("AWS", "what-the-emulator-of-aws-issues")


@pytest.fixture(scope="module")
def registry(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StockedRegistry]:
    folder = tmp_path_factory.mktemp("registry-ecr")
    auth = registry_auth.htpasswd(folder / "htpasswd", ISSUED)
    with docker_registry.serving(authority, folder, auth, HOST) as server:
        yield StockedRegistry(server, ISSUED, authority).stock(folder, ["--dest-creds", ISSUED.pair])


@pytest.fixture
def aws(authority: Authority) -> Iterator[Aws]:
    with emulator.serving(authority.issue(*emulator.NAMES).server_context()) as running:
        running.registry.password = lambda: ISSUED.password
        yield running


@pytest.fixture
def world(aws: Aws, registry: StockedRegistry) -> Iterator[ConnectProxy]:
    """The way to both, under their real names: the connect map of clients that have none."""

    def route(host: str, port: int) -> tuple[str, int]:
        return ("127.0.0.1", registry.server.port) if host == HOST else aws.route(host, port)

    with proxying(route=route) as proxy:
        yield proxy


@pytest.fixture
def workstation(aws: Aws, world: ConnectProxy, registry: StockedRegistry, tmp_path: Path) -> Workstation:
    clients.find("docker-credential-ocibroker")
    key = aws.iam.user("alice")
    settings = {
        "AWS_ACCESS_KEY_ID": key.ident,
        "AWS_SECRET_ACCESS_KEY": key.secret,
        "HTTPS_PROXY": f"http://127.0.0.1:{world.port}",
        "SSL_CERT_FILE": str(registry.authority.bundle),
    }
    return Workstation.create(tmp_path / "home", settings, helpers={HOST: "ocibroker"})


def test_get_answers_what_aws_issues(workstation: Workstation, aws: Aws) -> None:
    got = workstation.run("ocibroker", "get", f"{HOST}/hello/image", "--output", "docker")
    assert (got.returncode, got.stderr) == (0, "")
    assert json.loads(got.stdout)["Secret"] == ISSUED.password
    assert aws.asked == [API]


def test_explain_needs_no_network(workstation: Workstation, aws: Aws) -> None:
    told = workstation.run("ocibroker", "explain", f"{HOST}/hello/image")
    assert (told.returncode, "it is a registry of ECR in eu-west-1" in told.stdout) == (0, True)
    assert aws.asked == []


def test_pull_gets_a_chart(
    workstation: Workstation, registry: StockedRegistry, world: ConnectProxy, tmp_path: Path
) -> None:
    done = workstation.run("ocibroker", "pull", "--output", str(tmp_path), f"{HOST}/{registry.chart.name}")
    assert (done.returncode, done.stderr) == (0, done.stderr)
    assert [path.read_bytes() for path in tmp_path.glob("*.tgz")] == [registry.chart.layer.content]
    assert set(world.lines) == {f"CONNECT {host}:443 HTTP/1.1" for host in (API, HOST)}


def test_skopeo_is_served_through_the_helper_and_refused_without(
    workstation: Workstation, registry: StockedRegistry
) -> None:
    inspect = ("skopeo", "inspect", f"docker://{HOST}/{registry.image.name}")
    served = workstation.run(*inspect)
    assert (served.returncode, served.stderr) == (0, "")
    assert json.loads(served.stdout)["Digest"] == registry.image.digest
    stranger = Workstation.create(workstation.home.with_name("stranger"), workstation.settings, helpers={})
    assert "authentication required" in stranger.run(*inspect).stderr


def test_a_refusal_of_awss_is_one_line(workstation: Workstation, aws: Aws) -> None:
    aws.iam.denied.add("user/alice")
    got = workstation.run("ocibroker", "get", f"{HOST}/hello/image")
    assert (got.returncode, got.stdout, got.stderr.count("\n")) == (4, "", 1)
    assert "AccessDeniedException" in got.stderr
