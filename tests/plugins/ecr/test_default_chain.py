"""Whose identity is found where no rule names one."""

from __future__ import annotations

import hashlib
import json
import sys
from datetime import UTC, datetime, timedelta

import pytest

from ocibroker import Anonymous
from tests.aws.emulator import Aws
from tests.aws.shared_files import ALONE, kept, keys, section
from tests.plugins.ecr.asking import API, PUBLIC, STS, failure, rule, whose
from tests.transport.brokers import Desk

pytestmark = pytest.mark.acceptance(34)


def test_keys_in_the_environment(aws: Aws, desk: Desk) -> None:
    assert whose(aws, desk.broker(environ=keys(aws.iam.session("me")), route=aws.route)) == "me"


@pytest.mark.parametrize("variable", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", ""])
@pytest.mark.parametrize("file", ["credentials", "config"])
def test_a_profile_of_the_shared_files(variable: str, file: str, aws: Aws, desk: Desk) -> None:
    name = "prod" if variable else "default"
    title = f"profile {name}" if file == "config" and variable else name
    environ = kept(desk.folder, **{file: section(title, aws.iam.user("alice"))})
    broker = desk.broker(environ={**environ, **({variable: name} if variable else {})}, route=aws.route)
    assert whose(aws, broker) == "user/alice"


def test_shared_files_elsewhere(aws: Aws, desk: Desk) -> None:
    (desk.folder / "elsewhere").write_text(section("default", aws.iam.user("alice")))
    environ = {"HOME": str(desk.folder), "AWS_SHARED_CREDENTIALS_FILE": "~/elsewhere", **ALONE}
    assert whose(aws, desk.broker(environ=environ, route=aws.route)) == "user/alice"


def test_a_profile_that_assumes_roles_one_after_the_other(aws: Aws, desk: Desk) -> None:
    first = aws.iam.role("first", "user/alice")
    second = aws.iam.role("second", first, external_id="ext")
    config = section("profile a", role_arn=first, source_profile="base")
    config += section("profile b", role_arn=second, source_profile="a", external_id="ext")
    environ = kept(desk.folder, credentials=section("base", aws.iam.user("alice")), config=config)
    assert whose(aws, desk.broker(rule(profile="b"), environ=environ, route=aws.route)) == second
    assert aws.asked == [STS, STS, API]


def test_a_service_account_of_kubernetes(aws: Aws, desk: Desk) -> None:
    arn = aws.iam.role("pod", "token of-the-pod")
    (desk.folder / "token").write_text("of-the-pod")
    said = {"AWS_WEB_IDENTITY_TOKEN_FILE": str(desk.folder / "token"), "AWS_ROLE_ARN": arn}
    environ = {**kept(desk.folder), **said, "AWS_ROLE_SESSION_NAME": "pod-7"}
    assert whose(aws, desk.broker(environ=environ, route=aws.route)) == arn
    assert aws.sts.calls == [("AssumeRoleWithWebIdentity", arn, "pod-7")]


def test_a_login_of_the_identity_center(aws: Aws, desk: Desk) -> None:
    aws.sso.tokens["sso-access-token"] = "sso/alice"
    said = {"sso_session": "corp", "sso_account_id": "123456789012", "sso_role_name": "Pull"}
    session = section("sso-session corp", sso_start_url="https://corp.example", sso_region="eu-west-1")
    environ = kept(desk.folder, config=section("default", **said) + session)
    cache = desk.folder / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    login = {"accessToken": "sso-access-token", "expiresAt": f"{datetime.now(UTC) + timedelta(hours=8):%FT%TZ}"}
    # The AWS CLI names the file by the SHA-1 of the session's name.
    name = hashlib.sha1(b"corp", usedforsecurity=False).hexdigest()
    (cache / f"{name}.json").write_text(json.dumps({**login, "startUrl": "https://corp.example"}))
    assert whose(aws, desk.broker(environ=environ, route=aws.route)) == "sso/alice"
    assert aws.asked == ["portal.sso.eu-west-1.amazonaws.com", API]


def test_an_ended_login_says_which_command_begins_another(aws: Aws, desk: Desk) -> None:
    said = {"sso_session": "corp", "sso_account_id": "123456789012", "sso_role_name": "Pull"}
    session = section("sso-session corp", sso_start_url="https://corp.example", sso_region="eu-west-1")
    environ = kept(desk.folder, config=section("default", **said) + session)
    assert "aws sso login" in failure(desk.broker(environ=environ, route=aws.route)).hint


def test_a_program_named_by_the_profile(aws: Aws, desk: Desk) -> None:
    key = aws.iam.user("alice")
    said = {"Version": 1, "AccessKeyId": key.ident, "SecretAccessKey": key.secret}
    (desk.folder / "said").write_text(json.dumps(said))
    config = section(
        "default", credential_process=f"{sys.executable} -c 'print(open(\"{desk.folder}/said\").read())'"
    )
    assert whose(aws, desk.broker(environ=kept(desk.folder, config=config), route=aws.route)) == "user/alice"


def test_nobody_is_ever_prompted(aws: Aws, desk: Desk) -> None:
    arn = aws.iam.role("mfa", "user/alice")
    config = section("profile mfa", role_arn=arn, source_profile="base", mfa_serial="arn:aws:iam::1:mfa/alice")
    environ = kept(desk.folder, credentials=section("base", aws.iam.user("alice")), config=config)
    error = failure(desk.broker(rule(profile="mfa"), environ=environ, route=aws.route))
    assert ("nobody is prompted" in error.message, aws.asked) == (True, [])


def test_without_any_identity_the_error_says_what_was_tried(aws: Aws, desk: Desk) -> None:
    error = failure(desk.broker(environ=kept(desk.folder), route=aws.route))
    assert "keys in the environment, the role of profile default, the web identity, SSO" in error.message
    assert "the instance's metadata" in error.message
    assert "aws sso login" in error.hint


def test_without_any_identity_the_public_registry_is_anonymous(aws: Aws, desk: Desk) -> None:
    found = desk.broker(environ=kept(desk.folder), route=aws.route).access(PUBLIC).credential
    assert isinstance(found, Anonymous)
    assert "no AWS identity was found" in found.reason


def test_an_identity_that_fails_is_no_anonymous_access(aws: Aws, desk: Desk) -> None:
    aws.iam.denied.add("user/alice")
    error = failure(desk.broker(environ=keys(aws.iam.user("alice")), route=aws.route), PUBLIC)
    assert "AccessDeniedException" in error.message


def test_a_named_profile_is_never_replaced_by_the_machines_identity(aws: Aws, desk: Desk) -> None:
    aws.metadata.principal = "role/of-the-node"
    environ = {"HOME": kept(desk.folder, config=section("profile prod", region="eu-west-1"))["HOME"]}
    error = failure(desk.broker(rule(profile="prod"), environ=environ, route=aws.route))
    assert ("no AWS identity was found" in error.message, aws.asked) == (True, [])
