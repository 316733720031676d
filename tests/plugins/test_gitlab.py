"""GitLab: tokens of jobs, of deployments, and of those who have made one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from ocibroker import Anonymous
from ocibroker.testing import ProviderContract
from ocibroker_gitlab import GitLabProvider
from tests.transport.brokers import Desk
from tests.vendors.asking import answered, complaint, failure, rule

HOST, OWN = "registry.gitlab.com", "registry.gitlab.example.com"
TOKEN, OTHER = "t0ken-of-the-job", "t0ken-of-the-deployment"
JOB: Mapping[str, str] = MappingProxyType(
    {"CI_REGISTRY": HOST, "CI_REGISTRY_USER": "gitlab-ci-token", "CI_JOB_TOKEN": TOKEN}
)
DEPLOY: Mapping[str, str] = MappingProxyType(
    {"CI_DEPLOY_USER": "gitlab+deploy-token-7", "CI_DEPLOY_PASSWORD": OTHER}
)


class _Contract(ProviderContract):
    provider = GitLabProvider()
    recognised = (f"{HOST}/acme/app", f"{HOST}:443/acme/app")
    look_alikes = (
        f"{HOST}.evil.example/acme/app",
        f"x{HOST}",
        f"{HOST}:5000/acme/app",
        "gitlab.com/acme/app",
        "registry.gitlab.example.com",
    )
    secrets = (TOKEN, OTHER)


class TestJob(_Contract):
    def prepare(self, folder: Path) -> Mapping[str, str]:
        return JOB


class TestDeployment(_Contract):
    options = MappingProxyType({"ci": "deploy"})

    def prepare(self, folder: Path) -> Mapping[str, str]:
        return {**JOB, **DEPLOY}


class TestAccessToken(_Contract):
    options = MappingProxyType({"token": {"file": "token"}})

    def prepare(self, folder: Path) -> Mapping[str, str]:
        (folder / "token").write_text(TOKEN)
        return {}


class TestNobody(_Contract):
    pass


@pytest.mark.parametrize(
    ("text", "environ", "found"),
    [
        ("", JOB, ("gitlab-ci-token", TOKEN)),
        ("", {"CI_REGISTRY": HOST, "CI_JOB_TOKEN": TOKEN}, ("gitlab-ci-token", TOKEN)),
        (rule("gitlab", HOST, ci="deploy"), {**JOB, **DEPLOY}, ("gitlab+deploy-token-7", OTHER)),
        (rule("gitlab", HOST, token=OTHER), JOB, ("gitlab", OTHER)),
        (rule("gitlab", HOST, username="alice", token={"env": "MINE"}), {"MINE": OTHER}, ("alice", OTHER)),
        (rule("gitlab", HOST, username="gitlab+deploy-token-7", token=OTHER), {}, ("gitlab+deploy-token-7", OTHER)),
    ],
    ids=["job", "job-without-its-user", "deployment", "access-token", "person", "deploy-token"],
)
def test_who_asks(text: str, environ: Mapping[str, str], found: tuple[str, str], desk: Desk) -> None:
    assert answered(desk, text, HOST, environ) == found


def test_a_job_of_another_gitlab_shows_its_token_to_nobody_else(desk: Desk) -> None:
    elsewhere = {**JOB, "CI_REGISTRY": OWN}
    assert isinstance(desk.broker(environ=elsewhere).access(f"{HOST}/acme/app").credential, Anonymous)
    assert answered(desk, rule("gitlab", OWN), OWN, elsewhere) == ("gitlab-ci-token", TOKEN)
    assert "CI_REGISTRY" in failure(desk.broker(rule("gitlab", OWN), environ=JOB), OWN).message


def test_who_has_logged_in_is_served_where_there_is_no_job(desk: Desk) -> None:
    (desk.folder / ".docker").mkdir()
    (desk.folder / ".docker" / "config.json").write_text('{"auths": {"registry.gitlab.com": {"auth": "YTpi"}}}')
    assert answered(desk, "", HOST, {"HOME": str(desk.folder)}) == ("a", "b")


@pytest.mark.parametrize(
    ("options", "why"), [({"username": "alice"}, "no token"), ({"ci": "pipeline"}, "ci")], ids=["user", "ci"]
)
def test_options_that_cannot_work_are_refused_when_they_are_read(
    options: dict[str, Any], why: str, tmp_path: Path
) -> None:
    assert why in complaint(tmp_path, "gitlab", **options)
