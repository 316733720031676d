"""A registry of Google's under its real name: without any configuration, its clients get what Google issues."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from tests.e2e import cloud_registry
from tests.e2e.authority import Authority
from tests.e2e.cloud_registry import CloudRegistry
from tests.e2e.github_job import SERVICE, Job, reference
from tests.e2e.journey import Journey, WholeWay
from tests.google import emulator
from tests.google.accounts import USER, now, written
from tests.google.emulator import OAUTH, STS, Google
from tests.google.refusal import Refusal
from tests.plugins.oidc.clouds import GOOGLE_AUDIENCE, trusted_by_google

pytestmark = [pytest.mark.e2e, pytest.mark.acceptance(34)]

HOST = "europe-west1-docker.pkg.dev"


@pytest.fixture(scope="module")
def registry(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudRegistry]:
    with cloud_registry.serving(authority, tmp_path_factory.mktemp("registry-gar"), HOST, "/v2/token") as stocked:
        yield stocked


@pytest.fixture
def google(authority: Authority) -> Iterator[Google]:
    with emulator.serving(authority.issue(*emulator.NAMES).server_context()) as running:
        yield running


class _Gar(WholeWay):
    because = "it is a registry of Google Cloud"
    user = USER

    @pytest.fixture
    def journey(self, registry: CloudRegistry, google: Google, tmp_path: Path) -> Iterator[Journey]:
        environ, accepts = self.environ(google, tmp_path), google.accounts.accepts
        with Journey.begun(registry, tmp_path, environ, accepts=accepts, elsewhere=google.route) as begun:
            yield begun

    def environ(self, google: Google, folder: Path) -> Mapping[str, str]:
        """Make an identity, and return the environment in which it is found."""
        raise NotImplementedError


class TestKey(_Gar):
    asked = frozenset({OAUTH})

    def environ(self, google: Google, folder: Path) -> Mapping[str, str]:
        path = written(folder / "key.json", google.accounts.key("ci"))
        return {"GOOGLE_APPLICATION_CREDENTIALS": str(path)}

    def test_a_refusal_of_googles_is_one_line(self, journey: Journey, google: Google) -> None:
        google.oauth.refusals.append(Refusal("invalid_grant"))
        got = journey.workstation.run("ocibroker", "get", journey.target)
        assert (got.returncode, got.stdout, got.stderr.count("\n")) == (4, "", 1)
        assert "invalid_grant" in got.stderr

    def test_a_token_that_has_expired_opens_nothing(self, journey: Journey, google: Google) -> None:
        got = journey.workstation.run("ocibroker", "get", journey.target, "--output", "json")
        creds = ("--creds", f"{USER}:{json.loads(got.stdout)['secret']}")
        assert journey.inspect(journey.workstation, *creds).returncode == 0
        google.accounts.clock = lambda: now() + timedelta(hours=2)
        assert "authentication required" in journey.inspect(journey.workstation, *creds).stderr


class TestLogin(_Gar):
    asked = frozenset({OAUTH})

    def environ(self, google: Google, folder: Path) -> Mapping[str, str]:
        written(folder / "gcloud" / "application_default_credentials.json", google.accounts.login("alice"))
        return {"CLOUDSDK_CONFIG": str(folder / "gcloud")}


class TestMetadataServer(_Gar):
    asked = frozenset()

    def environ(self, google: Google, folder: Path) -> Mapping[str, str]:
        google.metadata.principal = "machine"
        return {"GCE_METADATA_HOST": f"127.0.0.1:{google.plain.port}"}


class TestGitHubActions(WholeWay):
    """Its token is exchanged at Google's STS, and lies in no file."""

    because = "registry[0]"
    asked = frozenset({SERVICE, STS})
    user = USER

    @pytest.fixture
    def journey(self, registry: CloudRegistry, google: Google, job: Job, tmp_path: Path) -> Iterator[Journey]:
        rule = trusted_by_google(google, job.issuer, job.subject, reference(GOOGLE_AUDIENCE))
        environ, accepts = job.environ(tmp_path, rule), google.accounts.accepts
        way = job.beside(google.route)
        with Journey.begun(registry, tmp_path, environ, accepts=accepts, elsewhere=way) as begun:
            yield begun

    def test_a_job_that_is_not_trusted_is_one_line(self, journey: Journey, google: Google) -> None:
        for pool in google.accounts.pools.values():
            pool.principals.clear()
        got = journey.workstation.run("ocibroker", "get", journey.target)
        assert (got.returncode, got.stdout, got.stderr.count("\n")) == (4, "", 1)
        assert "unauthorized_client" in got.stderr
