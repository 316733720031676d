"""STS as somebody else has written it: moto's server, under STS's real name. ECR verifies what it is then sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from ocibroker.errors import TLSFailed
from ocibroker.provider import Caller, Secret
from ocibroker.testing import Authority
from ocibroker.transport import Route
from tests.aws import moto_server
from tests.aws.emulator import Aws
from tests.aws.moto_server import ACCOUNT, Moto
from tests.aws.shared_files import ALONE, kept, keys, section
from tests.plugins.ecr.asking import API, STS, entries, failure, rule, whose
from tests.transport.brokers import Desk

pytestmark = [pytest.mark.e2e, pytest.mark.acceptance(34)]


@pytest.fixture(scope="module")
def private() -> Authority:
    """An authority that no store of the system's has."""
    return Authority()


@pytest.fixture(scope="module")
def running(private: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    with moto_server.serving(private, tmp_path_factory.mktemp("moto"), STS) as moto:
        yield moto


@pytest.fixture
def moto(running: Moto, aws: Aws) -> Moto:
    """An STS that knows nobody yet, and whose keys ECR takes."""
    running.forget()
    aws.iam.elsewhere = running.key
    return running


def beside(moto: Moto, aws: Aws) -> Route:
    """Lead to moto for STS, and to the emulator for everything else."""
    return lambda host, port: ("127.0.0.1", moto.port) if host == STS else aws.route(host, port)


Made = tuple[str, str, dict[str, str]]
"""An identity: whose token it leads to, the configuration, and the environment."""
Way = Callable[[Moto, Desk], Made]


def a_role_of_the_rule(moto: Moto, desk: Desk) -> Made:
    alice = moto.user("alice")
    arn = moto.role("pull", f"arn:aws:iam::{ACCOUNT}:user/alice", external_id="ext")
    return arn, rule(role_arn=arn, external_id="ext"), keys(alice)


def roles_one_after_the_other(moto: Moto, desk: Desk) -> Made:
    alice = moto.user("alice")
    first = moto.role("first", f"arn:aws:iam::{ACCOUNT}:user/alice")
    second = moto.role("second", f"arn:aws:sts::{ACCOUNT}:assumed-role/first/ocibroker", external_id="ext")
    return second, rule(role_arn=[first, second], external_id="ext"), keys(alice)


def a_profile(moto: Moto, desk: Desk) -> Made:
    base = section("base", moto.user("alice"))
    arn = moto.role("pull", f"arn:aws:iam::{ACCOUNT}:user/alice", external_id="ext")
    config = section("profile prod", role_arn=arn, source_profile="base", external_id="ext")
    return arn, rule(profile="prod"), kept(desk.folder, credentials=base, config=config)


def profiles_one_after_the_other(moto: Moto, desk: Desk) -> Made:
    base = section("base", moto.user("alice"))
    first = moto.role("first", f"arn:aws:iam::{ACCOUNT}:user/alice")
    second = moto.role("second", f"arn:aws:sts::{ACCOUNT}:assumed-role/first/named")
    config = section("profile one", role_arn=first, source_profile="base", role_session_name="named")
    config += section("default", role_arn=second, source_profile="one")
    return second, "", kept(desk.folder, credentials=base, config=config)


def a_service_account_of_kubernetes(moto: Moto, desk: Desk) -> Made:
    arn = moto.role("pod", "*")
    (desk.folder / "token").write_text("of-the-pod")
    return arn, "", {"AWS_WEB_IDENTITY_TOKEN_FILE": str(desk.folder / "token"), "AWS_ROLE_ARN": arn, **ALONE}


def a_token_of_the_rule(moto: Moto, desk: Desk) -> Made:
    arn = moto.role("ci", "*")
    (desk.folder / "token").write_text("of-the-job")
    return arn, rule(role_arn=arn).replace(" }", ', web_identity_token = { file = "token" } }'), dict(ALONE)


SIGNED: tuple[Way, ...] = (
    a_role_of_the_rule,
    roles_one_after_the_other,
    a_profile,
    profiles_one_after_the_other,
)
UNSIGNED: tuple[Way, ...] = (a_service_account_of_kubernetes, a_token_of_the_rule)


@pytest.mark.parametrize("way", SIGNED)
def test_it_takes_what_is_signed(way: Way, moto: Moto, private: Authority, aws: Aws, desk: Desk) -> None:
    arn, text, environ = way(moto, desk)
    broker = desk.broker(text + entries(desk.folder, private, STS), environ=environ, route=beside(moto, aws))
    with moto.strict():
        assert whose(aws, broker) == arn
    assert aws.asked == [API]


@pytest.mark.parametrize("way", UNSIGNED)
def test_it_takes_a_token_of_another_issuer(way: Way, moto: Moto, private: Authority, aws: Aws, desk: Desk) -> None:
    arn, text, environ = way(moto, desk)
    broker = desk.broker(text + entries(desk.folder, private, STS), environ=environ, route=beside(moto, aws))
    assert whose(aws, broker) == arn
    assert aws.asked == [API]


@pytest.mark.parametrize("way", [*SIGNED, *UNSIGNED])
def test_without_its_authority_nothing_is_sent(way: Way, moto: Moto, aws: Aws, desk: Desk) -> None:
    _, text, environ = way(moto, desk)
    error = failure(desk.broker(text, environ=environ, route=beside(moto, aws)))
    assert (type(error), error.culprit, moto.sessions, aws.asked) == (TLSFailed, f"https://{STS}", [], [])


def test_it_takes_the_callers_token(moto: Moto, private: Authority, aws: Aws, desk: Desk) -> None:
    arn = moto.role("pod", "*")
    caller = Caller(token=Secret("of-the-pod"), annotations={"eks.amazonaws.com/role-arn": arn})
    broker = desk.broker(entries(desk.folder, private, STS), route=beside(moto, aws))
    assert whose(aws, broker, caller=caller) == arn


@pytest.mark.parametrize(
    ("external_id", "changed", "code"),
    [
        ("another", {}, "AccessDenied"),
        ("ext", {"secret": "wrong"}, "SignatureDoesNotMatch"),
        ("ext", {"ident": "AKIAUNKNOWN"}, "InvalidClientTokenId"),
    ],
)
def test_what_it_refuses_is_one_line(
    external_id: str, changed: dict[str, str], code: str, moto: Moto, private: Authority, aws: Aws, desk: Desk
) -> None:
    alice = replace(moto.user("alice"), **changed)  # type: ignore[arg-type]  # mypy cannot know which fields
    arn = moto.role("pull", f"arn:aws:iam::{ACCOUNT}:user/alice", external_id="ext")
    text = rule(role_arn=arn, external_id=external_id) + entries(desk.folder, private, STS)
    broker = desk.broker(text, environ=keys(alice), route=beside(moto, aws))
    with moto.strict():
        assert f"AssumeRole was refused: {code}, status 403" in failure(broker).message
    assert aws.asked == []
