"""What a workload finds on its link: the instance's metadata, and the container's credentials."""

from __future__ import annotations

import pytest

from tests.aws import metadata
from tests.aws.emulator import Aws
from tests.plugins.ecr.asking import PUBLIC, failure, whose
from tests.transport.brokers import Desk
from tests.transport.repeats import times

pytestmark = pytest.mark.acceptance(34)


@pytest.mark.parametrize(
    "said",
    [
        {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": metadata.ECS},
        {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://169.254.170.23{metadata.EKS}",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "token",
        },
        {},
    ],
    ids=["ecs", "eks-pod-identity", "instance"],
)
def test_what_is_on_the_link_never_through_a_proxy(said: dict[str, str], aws: Aws, desk: Desk) -> None:
    aws.metadata.principal = "role/of-the-workload"
    (desk.folder / "token").write_text(aws.metadata.authorization)
    said = {name: str(desk.folder / value) if value == "token" else value for name, value in said.items()}
    environ = {"HOME": str(desk.folder), "HTTP_PROXY": "http://proxy.test:1", **said}
    assert whose(aws, desk.broker(environ=environ, route=aws.route)) == "role/of-the-workload"


@pytest.mark.parametrize(
    ("said", "asked"), [({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": metadata.ECS}, times(500)), ({}, 1)]
)
@pytest.mark.parametrize("status", [429, 500])
def test_a_metadata_service_that_fails_is_no_missing_identity(
    status: int, said: dict[str, str], asked: int, aws: Aws, desk: Desk
) -> None:
    aws.metadata.status = status
    error = failure(desk.broker(environ={"HOME": str(desk.folder), **said}, route=aws.route), PUBLIC)
    assert f"status {status}" in str(error)
    assert len(aws.asked) == asked


def test_a_container_may_not_send_its_token_anywhere(aws: Aws, desk: Desk) -> None:
    said = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://evil.example/",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "x",
    }
    failure(desk.broker(environ={"HOME": str(desk.folder), **said}, route=aws.route))
    assert aws.asked == []
