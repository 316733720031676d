"""A registry of Amazon ECR under its real name: without any configuration, its clients get what AWS issues."""

import json
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from subprocess import PIPE

import pytest

from tests.aws import emulator
from tests.aws.emulator import Aws
from tests.aws.iam import now
from tests.aws.registries import ACCOUNT
from tests.e2e import clients, cloud_registry
from tests.e2e.authority import Authority
from tests.e2e.cloud_registry import CloudRegistry
from tests.e2e.github_job import SERVICE, Job, reference
from tests.e2e.journey import Journey, WholeWay
from tests.plugins.oidc.clouds import AWS_AUDIENCE, trusted_by_aws

pytestmark = [pytest.mark.e2e, pytest.mark.acceptance(34)]

HOST = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com"
API, STS = "api.ecr.eu-west-1.amazonaws.com", "sts.eu-west-1.amazonaws.com"


@pytest.fixture(scope="module")
def registry(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudRegistry]:
    with cloud_registry.serving(authority, tmp_path_factory.mktemp("registry-ecr"), HOST, "/token") as running:
        yield running


@pytest.fixture
def aws(authority: Authority) -> Iterator[Aws]:
    with emulator.serving(authority.issue(*emulator.NAMES).server_context()) as running:
        yield running


@pytest.fixture
def journey(aws: Aws, registry: CloudRegistry, tmp_path: Path) -> Iterator[Journey]:
    key = aws.iam.user("alice")
    environ = {"AWS_ACCESS_KEY_ID": key.ident, "AWS_SECRET_ACCESS_KEY": key.secret}
    with Journey.begun(registry, tmp_path, environ, accepts=aws.registry.accepts, elsewhere=aws.route) as begun:
        yield begun


class TestKeysInTheEnvironment(WholeWay):
    because = "it is a registry of ECR in eu-west-1"
    asked = frozenset({API})
    user = "AWS"

    def test_a_refusal_of_awss_is_one_line(self, journey: Journey, aws: Aws) -> None:
        aws.iam.denied.add("user/alice")
        got = journey.workstation.run("ocibroker", "get", journey.target)
        assert (got.returncode, got.stdout, got.stderr.count("\n")) == (4, "", 1)
        assert "AccessDeniedException" in got.stderr

    def test_a_token_that_has_expired_opens_nothing(self, journey: Journey, aws: Aws) -> None:
        got = journey.workstation.run("ocibroker", "get", journey.target, "--output", "json")
        creds = ("--creds", f"AWS:{json.loads(got.stdout)['secret']}")
        assert journey.inspect(journey.workstation, *creds).returncode == 0
        aws.iam.clock = lambda: now() + timedelta(hours=13)
        assert "authentication required" in journey.inspect(journey.workstation, *creds).stderr


@pytest.mark.acceptance(31)
def test_a_hundred_helpers_of_bazel_make_one_call(journey: Journey, aws: Aws) -> None:
    program = clients.find("bazel-credential-ocibroker")
    question = json.dumps({"uri": f"https://{HOST}/v2/app/blobs/uploads/"})
    environ = journey.workstation.environ
    helpers = [
        subprocess.Popen([program, "get"], env=environ, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True)
        for _ in range(100)
    ]
    answers = [helper.communicate(question, timeout=120) for helper in helpers]
    assert {stderr for _, stderr in answers} == {""}
    (answer,) = {stdout for stdout, _ in answers}
    assert json.loads(answer)["headers"]["Authorization"][0].startswith("Basic ")
    assert len(aws.registry.issued) == 1


class TestGitHubActions(WholeWay):
    """Its token is exchanged at STS, and lies in no file."""

    because = "registry[0]"
    asked = frozenset({SERVICE, STS, API})
    user = "AWS"

    @pytest.fixture
    def journey(self, aws: Aws, registry: CloudRegistry, job: Job, tmp_path: Path) -> Iterator[Journey]:
        rule = trusted_by_aws(aws, job.issuer, job.subject, reference(AWS_AUDIENCE))
        environ, accepts = job.environ(tmp_path, rule), aws.registry.accepts
        way = job.beside(aws.route)
        with Journey.begun(registry, tmp_path, environ, accepts=accepts, elsewhere=way) as begun:
            yield begun

    def test_a_job_that_is_not_trusted_is_one_line(self, journey: Journey, aws: Aws) -> None:
        aws.iam.roles.clear()
        got = journey.workstation.run("ocibroker", "get", journey.target)
        assert (got.returncode, got.stdout, got.stderr.count("\n")) == (4, "", 1)
        assert "AssumeRoleWithWebIdentity was refused: AccessDenied" in got.stderr
