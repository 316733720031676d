"""A registry of Azure's under its real name: without any configuration, its clients get what Azure issues."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from ocibroker.transport import Route
from tests.azure import emulator
from tests.azure.emulator import Azure
from tests.azure.registry_tokens import USER
from tests.e2e import cloud_registry
from tests.e2e.authority import Authority
from tests.e2e.cloud_registry import CloudRegistry
from tests.e2e.github_job import SERVICE, Job, reference
from tests.e2e.journey import Journey, WholeWay
from tests.plugins.acr.asking import ENTRA, HOST, environment, user
from tests.plugins.oidc.clouds import AZURE_AUDIENCE, trusted_by_azure

pytestmark = [pytest.mark.e2e, pytest.mark.acceptance(34), pytest.mark.acceptance(37)]

EXCHANGE: Final = "/oauth2/exchange"


@pytest.fixture(scope="module")
def registry(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudRegistry]:
    folder = tmp_path_factory.mktemp("registry-acr")
    with cloud_registry.serving(authority, folder, HOST, "/oauth2/token") as running:
        yield running


@pytest.fixture
def azure(authority: Authority) -> Iterator[Azure]:
    with emulator.serving(authority.issue(*emulator.NAMES).server_context()) as running:
        yield running


def begun(
    azure: Azure, registry: CloudRegistry, folder: Path, environ: Mapping[str, str], way: Route | None = None
) -> Iterator[Journey]:
    with Journey.begun(
        registry,
        folder,
        environ,
        accepts=lambda username, password: azure.registry.accepts(HOST, username, password),
        elsewhere=way or azure.route,
        answers={EXCHANGE: azure.answer},
    ) as journey:
        yield journey


class _WholeWay(WholeWay):
    because = "it is a registry below azurecr.io"
    asked = frozenset({ENTRA, HOST})
    user = USER


class TestApplication(_WholeWay):
    @pytest.fixture
    def journey(self, azure: Azure, registry: CloudRegistry, tmp_path: Path) -> Iterator[Journey]:
        yield from begun(azure, registry, tmp_path, user(azure, "alice"))

    def test_a_refusal_of_entra_id_is_one_line(self, journey: Journey, azure: Azure) -> None:
        for application in azure.directory.applications.values():
            application.secrets.clear()
        got = journey.workstation.run("ocibroker", "get", journey.target)
        assert (got.returncode, got.stdout, got.stderr.count("\n")) == (4, "", 1)
        assert "AADSTS7000215" in got.stderr


class TestWorkloadIdentity(_WholeWay):
    @pytest.fixture
    def journey(self, azure: Azure, registry: CloudRegistry, tmp_path: Path) -> Iterator[Journey]:
        provider = azure.directory.provider("https://oidc.cluster.test")
        application = azure.directory.application("pod", trusted={(provider.issuer, "pod")})
        (tmp_path / "token").write_text(provider.token("pod"))
        environ = {"AZURE_FEDERATED_TOKEN_FILE": str(tmp_path / "token")}
        yield from begun(azure, registry, tmp_path, {**environment(azure.directory, application), **environ})


class TestGitHubActions(WholeWay):
    """Its token is exchanged at Entra ID, and lies in no file."""

    because = "registry[0]"
    asked = frozenset({SERVICE, ENTRA, HOST})
    user = USER

    @pytest.fixture
    def journey(self, azure: Azure, registry: CloudRegistry, job: Job, tmp_path: Path) -> Iterator[Journey]:
        rule = trusted_by_azure(azure, job.issuer, job.subject, reference(AZURE_AUDIENCE))
        yield from begun(azure, registry, tmp_path, job.environ(tmp_path, rule), job.beside(azure.route))

    def test_a_job_that_is_not_trusted_is_one_line(self, journey: Journey, azure: Azure) -> None:
        for application in azure.directory.applications.values():
            application.trusted.clear()
        got = journey.workstation.run("ocibroker", "get", journey.target)
        assert (got.returncode, got.stdout, got.stderr.count("\n")) == (4, "", 1)
        assert "AADSTS700213" in got.stderr
