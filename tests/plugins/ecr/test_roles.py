"""The roles that a rule, or the caller, names."""

from __future__ import annotations

import pytest

from ocibroker.provider import Caller, Secret
from tests.aws.emulator import Aws
from tests.aws.shared_files import ALONE, keys
from tests.plugins.ecr.asking import HOST, failure, rule, whose
from tests.transport.brokers import Desk

pytestmark = pytest.mark.acceptance(34)


def test_a_role(aws: Aws, desk: Desk) -> None:
    arn = aws.iam.role("pull", "user/alice", external_id="ext")
    text = rule(role_arn=arn, external_id="ext", session_name="ci-7")
    assert whose(aws, desk.broker(text, environ=keys(aws.iam.user("alice")), route=aws.route)) == arn
    assert aws.sts.calls == [("AssumeRole", arn, "ci-7")]


def test_roles_one_after_the_other(aws: Aws, desk: Desk) -> None:
    first = aws.iam.role("first", "user/alice")
    second = aws.iam.role("second", first, external_id="ext")
    text = rule(role_arn=[first, second], external_id="ext")
    assert whose(aws, desk.broker(text, environ=keys(aws.iam.user("alice")), route=aws.route)) == second


def test_a_role_for_a_token_in_a_file(aws: Aws, desk: Desk) -> None:
    arn = aws.iam.role("ci", "token of-the-job")
    (desk.folder / "token").write_text("of-the-job\n")
    text = rule(role_arn=arn).replace(" }", ', web_identity_token = { file = "token" } }')
    assert whose(aws, desk.broker(text, environ=ALONE, route=aws.route)) == arn


def test_a_token_without_a_role_is_an_error(aws: Aws, desk: Desk) -> None:
    broker = desk.broker(environ=keys(aws.iam.user("node")), route=aws.route)
    error = failure(broker, caller=Caller(token=Secret("of-the-pod")))
    assert ("no role is named" in error.message, aws.asked) == (True, [])


@pytest.mark.parametrize(
    "host", [HOST.replace("ecr.eu-west-1", "ecr-fips.us-east-1"), "123456789012.dkr-ecr.us-west-2.on.aws"]
)
def test_sts_is_asked_at_the_same_kind_of_endpoint(host: str, aws: Aws, desk: Desk) -> None:
    arn = aws.iam.role("pull", "user/alice")
    broker = desk.broker(rule(host, role_arn=arn), environ=keys(aws.iam.user("alice")), route=aws.route)
    assert whose(aws, broker, host) == arn
    assert aws.asked[0] == ("sts-fips.us-east-1.amazonaws.com" if "fips" in host else "sts.us-west-2.api.aws")
