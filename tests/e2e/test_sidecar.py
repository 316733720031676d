"""Real clients, and the library, are served by ``ocibroker serve``; none of them knows an account or a provider."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

import pytest

from ocibroker import Basic, Broker
from tests.e2e import clients
from tests.e2e.client import CLIENTS, DOCKER, Client
from tests.e2e.clients import Completed
from tests.e2e.served import Served
from tests.e2e.stocked_registry import StockedRegistry
from tests.e2e.workstation import Workstation
from tests.settled import settled
from tests.sidecar.command import Sidecar

pytestmark = [pytest.mark.e2e, pytest.mark.acceptance(40)]

QUESTIONS = {
    "docker-credential-ocibroker": ("{address}", ("get",)),
    "git-credential-ocibroker": ("protocol=https\nhost={address}\npath=hello/image\n\n", ("get",)),
    "bazel-credential-ocibroker": ('{{"uri": "https://{address}/v2/hello/image/manifests/1"}}', ("get",)),
    "ocibroker-credential-provider": (
        (
            '{{"apiVersion": "credentialprovider.kubelet.k8s.io/v1", "kind": "CredentialProviderRequest",'
            ' "image": "{address}/hello/image:1"}}'
        ),
        (),
    ),
}


@pytest.fixture(scope="module")
def sidecar(registry: StockedRegistry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sidecar]:
    """It knows the registry's account."""
    clients.find("ocibroker")
    folder = tmp_path_factory.mktemp("sidecar")
    one = Sidecar(folder, Served.of(registry).configure(folder))
    with one.serving():
        yield one
    assert "Traceback" not in one.log.read_text()


@dataclass(frozen=True)
class User:
    """Somebody who has nothing but the sidecar's socket; ``before`` is how many answers others have had."""

    sidecar: Sidecar
    workstation: Workstation
    before: float

    @property
    def was_answered(self) -> bool:
        """Whether the sidecar says so, by its metrics and in its log."""
        counted = _answers(self.sidecar) - self.before
        return counted > 0 and settled(lambda: len(self.sidecar.told("answer")) >= self.before + counted)

    def ask(self, program: str, question: str, *argv: str) -> Completed:
        """Have a credential helper answer a question on its standard input."""
        return subprocess.run(
            [Path(clients.find("docker-credential-ocibroker")).with_name(program), *argv],
            env=self.workstation.environ,
            input=question,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def user(registry: StockedRegistry, sidecar: Sidecar, tmp_path: Path) -> User:
    settings = {"OCIBROKER_SOCKET": str(sidecar.socket)}
    home = Workstation.create(tmp_path / "home", settings, helpers={registry.address: "ocibroker"})
    return User(sidecar, home, _answers(sidecar))


def _answers(sidecar: Sidecar) -> float:
    return sidecar.metric("ocibroker_token_requests_total", provider="basic")


@pytest.mark.parametrize("client", [*CLIENTS, DOCKER], ids=attrgetter("name"))
def test_a_client_is_served(client: Client, registry: StockedRegistry, user: User) -> None:
    done = user.workstation.run(*client.command(registry))
    assert done.returncode == 0, done.stderr
    assert client.received(registry, user.workstation, done) == client.expected(registry)
    assert user.was_answered


@pytest.mark.parametrize("program", QUESTIONS)
def test_a_helper_of_that_name_is_served(program: str, registry: StockedRegistry, user: User) -> None:
    question, argv = QUESTIONS[program]
    done = user.ask(program, question.format(address=registry.address), *argv)
    assert (done.returncode, done.stderr) == (0, "")
    account = registry.account
    assert account.password in done.stdout or account.basic in done.stdout
    assert user.was_answered


def test_the_library_reads_what_only_the_account_may(registry: StockedRegistry, user: User) -> None:
    image = registry.image
    with Broker.connect(environ={"OCIBROKER_SOCKET": str(user.sidecar.socket)}) as broker:
        access = broker.access(f"{registry.address}/{image.repository}")
        assert isinstance(access.credential, Basic)
        with access.client(headers={"Accept": image.manifest.media_type}) as http:
            manifest = http.get(f"/v2/{image.repository}/manifests/{image.tag}").raise_for_status()
    assert manifest.content == image.manifest.content
    assert user.was_answered


def test_nobody_is_served_what_the_sidecar_has_not(registry: StockedRegistry, user: User) -> None:
    """Else the tests above would show nothing."""
    elsewhere = {registry.server.local: "ocibroker"}
    stranger = Workstation.create(user.workstation.home.with_name("other"), user.workstation.settings, elsewhere)
    image = f"docker://{registry.server.local}/{registry.image.name}"
    refused = stranger.run("skopeo", "inspect", f"--cert-dir={registry.authority.cert_dir}", image)
    assert (refused.returncode, "authentication required" in refused.stderr) == (1, True)
    assert not user.was_answered
