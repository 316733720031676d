"""What AWS and its SDK refuse becomes one line: what was tried, and what to do."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from ocibroker.clock import SystemClock
from ocibroker.errors import IdentityRefused, IntegrityError
from ocibroker.provider import Deadline, Target
from ocibroker.testing.staged import Staged
from ocibroker_ecr import EcrProvider
from tests.aws.emulator import Aws
from tests.aws.refusal import REQUEST_ID, Refusal
from tests.aws.shared_files import kept, keys, section
from tests.plugins.ecr.asking import HOST, failure, rule
from tests.plugins.ecr.told import KEY_ID, SECRET_KEY
from tests.plugins.laptop import entry
from tests.transport.brokers import Desk
from tests.transport.hand_clock import HandClock
from tests.transport.repeats import times

pytestmark = pytest.mark.acceptance(34)

REVOKED = ("AccessDenied", "AccessDeniedException", "InvalidClientTokenId", "UnrecognizedClientException")


@pytest.mark.parametrize(
    ("code", "status", "cure"),
    [
        ("ExpiredTokenException", 400, "log in again"),
        ("AccessDeniedException", 400, "allow the action"),
        ("UnrecognizedClientException", 400, "check the access key"),
        ("InvalidSignatureException", 400, "check the secret key"),
        ("ThrottlingException", 400, "try again later"),
        ("TooManyRequestsException", 429, "try again later"),
        ("ServerException", 500, "try again later"),
        ("", 503, "try again later"),
        ("InvalidParameterException", 400, "docs/ecr.md"),
    ],
)
def test_ecr_refuses(code: str, status: int, cure: str, aws: Aws, desk: Desk) -> None:
    aws.registry.refusals += [Refusal(code, status)] * times(status)
    error = failure(desk.broker(environ=keys(aws.iam.user("alice")), route=aws.route))
    assert f"GetAuthorizationToken was refused: {code}" in error.message
    assert f"request id {REQUEST_ID}; tried keys in the environment" in error.message
    assert (cure in error.hint, len(aws.asked)) == (True, times(status))
    assert isinstance(error, IdentityRefused) is (code in REVOKED)


@pytest.mark.parametrize(
    ("code", "status", "cure"),
    [
        ("AccessDenied", 403, "trust policy"),
        ("ExpiredToken", 403, "log in again"),
        ("InvalidClientTokenId", 403, "check the access key"),
        ("SignatureDoesNotMatch", 403, "check the secret key"),
        ("Throttling", 400, "try again later"),
        ("InternalFailure", 500, "try again later"),
    ],
)
def test_sts_refuses(code: str, status: int, cure: str, aws: Aws, desk: Desk) -> None:
    aws.sts.refusals += [Refusal(code, status)] * times(status)
    text = rule(role_arn="arn:aws:iam::1:role/a")
    error = failure(desk.broker(text, environ=keys(aws.iam.user("alice")), route=aws.route))
    assert f"AssumeRole was refused: {code}, status {status}, request id {REQUEST_ID}" in error.message
    assert "tried keys in the environment, role arn:aws:iam::1:role/a" in error.message
    assert (cure in error.hint, len(aws.asked)) == (True, times(status))
    assert isinstance(error, IdentityRefused) is (code in REVOKED)


def test_a_profile_that_is_missing_is_named(aws: Aws, desk: Desk) -> None:
    error = failure(desk.broker(rule(profile="nope"), environ=kept(desk.folder), route=aws.route))
    assert "there is no such profile" in error.message


def test_a_role_that_is_none_is_named(aws: Aws, desk: Desk) -> None:
    broker = desk.broker(rule(role_arn="pull"), environ=keys(aws.iam.user("alice")), route=aws.route)
    assert "no such role" in failure(broker).message


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ("[default\n", "cannot be read"),
        ("[default]\naws_access_key_id = AKIA\n", "one half of a key"),
        ("[default]\nrole_arn = r\nsource_profile = missing\n", "names another that is missing"),
        (
            section("default", role_arn="r", source_profile="b")
            + section("profile b", role_arn="r", source_profile="default"),
            "circle",
        ),
    ],
)
def test_a_config_file_that_is_wrong(config: str, why: str, aws: Aws, desk: Desk) -> None:
    assert why in failure(desk.broker(environ=kept(desk.folder, config=config), route=aws.route)).message


def test_keys_that_have_expired(aws: Aws, desk: Desk) -> None:
    environ = {**keys(aws.iam.session("me")), "AWS_CREDENTIAL_EXPIRATION": "2001-01-01T00:00:00Z"}
    assert "have expired" in failure(desk.broker(environ=environ, route=aws.route)).message


def test_a_wrong_clock_is_called_one(aws: Aws, desk: Desk) -> None:
    clock, real = HandClock(), aws.iam.clock
    clock.move(-3600)
    aws.iam.clock = lambda: real() + timedelta(hours=1)
    error = failure(desk.broker(environ=keys(aws.iam.user("alice")), route=aws.route, clock=clock))
    assert "set this machine's clock, which is -3600 seconds off" in error.hint.replace("-3599", "-3600")


def test_a_token_that_has_expired_by_our_clock_is_refused(aws: Aws, desk: Desk) -> None:
    clock = HandClock()
    clock.move(13 * 3600)
    error = failure(desk.broker(environ=keys(aws.iam.user("alice")), route=aws.route, clock=clock))
    assert "has expired by this machine's clock" in error.message


def test_an_answer_without_end_is_cut(tmp_path: Path) -> None:
    environ = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    staged = Staged.of(EcrProvider(), Target.parse(HOST), {}, folder=tmp_path, environ=environ, clock=SystemClock())
    endless = httpx.Response(200, content=(b" " * 65536 for _ in range(1000)))
    with pytest.raises(IntegrityError, match="longer than"):
        staged.fetch(lambda _: endless, Deadline.after(20))


def test_the_sdk_is_named_where_it_is_missing() -> None:
    code = (
        "import sys\n"
        "class Missing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in {'boto3', 'botocore'}: raise ImportError(name)\n"
        "sys.meta_path.insert(0, Missing())\n"
        "from ocibroker import Broker, OcibrokerError\n"
        "try: Broker.from_config(environ={}).access(sys.argv[1])\n"
        "except OcibrokerError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, HOST], capture_output=True, text=True, check=True)
    expected = "provider ecr: the AWS SDK is not installed (pip install 'ocibroker[ecr]')\n"
    assert (done.stdout, done.stderr) == (expected, "")


def test_who_has_named_an_identity_is_served_by_no_login_of_another_tool(aws: Aws, desk: Desk) -> None:
    config = desk.folder / "docker" / "config.json"
    config.parent.mkdir()
    config.write_text(json.dumps({"auths": {HOST: entry("somebody")}}))
    environ = {"DOCKER_CONFIG": str(config.parent), "HOME": str(desk.folder), "AWS_EC2_METADATA_DISABLED": "true"}
    assert desk.broker(environ=environ, route=aws.route).access(f"{HOST}/app").provider == "docker-config"
    error = failure(desk.broker(environ={**environ, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}, route=aws.route))
    assert "one half of a key is missing: AWS_ACCESS_KEY_ID is not set" in error.message
    assert aws.asked == []
