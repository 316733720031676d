"""ghcr.io under its real name: a GitHub App's clients get what GitHub issues to its installation."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocibroker.transport.route import direct
from tests.e2e import cloud_registry
from tests.e2e.authority import Authority
from tests.e2e.cloud_registry import CloudRegistry
from tests.e2e.journey import Journey, WholeWay
from tests.transport.answering_server import AnsweringServer, answering
from tests.vendors.asking import rule
from tests.vendors.github import API, HOST, GitHub, new_key, pem

pytestmark = pytest.mark.e2e

APP, INSTALLATION = "Iv23liAbCdEf", 4711


@pytest.fixture(scope="module")
def registry(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudRegistry]:
    with cloud_registry.serving(authority, tmp_path_factory.mktemp("registry-github"), HOST, "/token") as stocked:
        yield stocked


@pytest.fixture
def github() -> GitHub:
    return GitHub()


@pytest.fixture
def api(github: GitHub, authority: Authority) -> Iterator[AnsweringServer]:
    with answering(github.answer, authority.issue(API).server_context()) as running:
        yield running


class TestApp(WholeWay):
    because = f"rule {HOST}"
    asked = frozenset({API})
    user = "x-access-token"

    @pytest.fixture
    def journey(
        self, registry: CloudRegistry, github: GitHub, api: AnsweringServer, tmp_path: Path
    ) -> Iterator[Journey]:
        github.install(APP, INSTALLATION, key := new_key())
        (tmp_path / "app.pem").write_text(pem(key))
        said = {"app": APP, "private_key": {"file": "app.pem"}, "installation": INSTALLATION}
        (tmp_path / "config.toml").write_text(rule("github", HOST, **said))
        with Journey.begun(
            registry,
            tmp_path,
            {"OCIBROKER_CONFIG": str(tmp_path / "config.toml")},
            accepts=github.accepts,
            elsewhere=lambda _, __: ("127.0.0.1", api.port),
        ) as begun:
            yield begun

    def test_an_app_that_is_not_installed_any_more_is_one_line(self, journey: Journey, github: GitHub) -> None:
        github.installations.clear()
        got = journey.workstation.run("ocibroker", "get", journey.target)
        assert (got.returncode, got.stdout, got.stderr.count("\n")) == (4, "", 1)
        assert "the app is not installed there" in got.stderr


class TestWorkflow(WholeWay):
    because = "it is GitHub's container registry"
    asked = frozenset()
    user = "octocat"

    @pytest.fixture
    def journey(self, registry: CloudRegistry, tmp_path: Path) -> Iterator[Journey]:
        token = f"ghs_{secrets.token_hex(18)}"
        with Journey.begun(
            registry,
            tmp_path,
            {"GITHUB_ACTIONS": "true", "GITHUB_ACTOR": self.user, "GITHUB_TOKEN": token},
            accepts=lambda username, password: (username, password) == (self.user, token),
            elsewhere=direct,
        ) as begun:
            yield begun
