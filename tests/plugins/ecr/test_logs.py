"""What botocore logs on behalf of ocibroker is not passed on."""

from __future__ import annotations

import logging

import pytest

from tests.aws.emulator import Aws
from tests.aws.refusal import BODY, Refusal
from tests.aws.shared_files import kept, keys, section
from tests.plugins.ecr.asking import failure, rule, whose
from tests.transport.brokers import Desk

pytestmark = pytest.mark.acceptance(34)


def test_nothing_of_it_is_logged(aws: Aws, desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    arn = aws.iam.role("pull", "user/alice")
    environ = keys(aws.iam.user("alice"))
    assert whose(aws, desk.broker(rule(role_arn=arn), environ=environ, route=aws.route)) == arn
    aws.sts.refusals.append(Refusal("AccessDenied", 403))
    config = section("profile r", role_arn=arn, source_profile="base")
    shared = kept(desk.folder, credentials=section("base", aws.iam.user("alice")), config=config)
    failure(desk.broker(rule(profile="r"), environ=shared, route=aws.route))
    secrets = {secret for key in aws.iam.keys.values() for secret in (key.secret, key.token) if secret}
    seen = [one for one in (*secrets, *aws.registry.issued, BODY) if one in caplog.text]
    assert (seen, "botocore" in caplog.text) == ([], False)


def test_what_others_do_with_the_sdk_is_logged_as_ever(
    aws: Aws, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    whose(aws, desk.broker(environ=keys(aws.iam.user("alice")), route=aws.route))
    logging.getLogger("botocore.credentials").warning("somebody else's")
    assert "somebody else's" in caplog.text
