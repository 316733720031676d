"""A password that is kept in AWS Secrets Manager, as moto's server has written it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ocibroker import Broker
from ocibroker.errors import ConfigurationError, CredentialUnavailable, OcibrokerError, TLSFailed
from ocibroker.testing import Authority
from ocibroker.transport import Route
from tests.aws import moto_server
from tests.aws.moto_server import ACCOUNT, Moto
from tests.aws.shared_files import ALONE, kept, keys, section
from tests.transport.brokers import Desk
from tests.transport.hand_clock import HandClock
from tests.vendors import stored
from tests.vendors.stored import password

pytestmark = pytest.mark.e2e

HOST = "secretsmanager.eu-west-1.amazonaws.com"
STS = "sts.eu-west-1.amazonaws.com"
REGION = ', region = "eu-west-1"'


@pytest.fixture(scope="module")
def running(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    with moto_server.serving(authority, tmp_path_factory.mktemp("moto"), HOST, STS) as moto:
        yield moto


@pytest.fixture
def moto(running: Moto) -> Moto:
    running.forget()
    return running


def route(moto: Moto) -> Route:
    return lambda host, port: ("127.0.0.1", moto.port)


def rule(secret: str = "charts", more: str = REGION) -> str:
    return stored.rule("aws_secretsmanager", f'secret_id = "{secret}"{more}')


def failure(broker: Broker) -> OcibrokerError:
    return stored.failure(broker, "aws_secretsmanager charts in eu-west-1")


def test_it_is_read_as_whoever_the_environment_says(moto: Moto, desk: Desk) -> None:
    moto.secret("charts", "wonder\n")
    broker = desk.broker(rule(), environ={**keys(moto.user("alice")), **ALONE}, route=route(moto))
    assert password(broker) == "wonder"


def test_one_value_of_an_object_and_the_region_of_an_arn(moto: Moto, desk: Desk) -> None:
    arn = moto.secret("charts", '{"username": "alice", "password": "w0nder"}')
    text = rule(arn, ', key = "password"')
    broker = desk.broker(text, environ={**keys(moto.user("alice")), **ALONE}, route=route(moto))
    assert password(broker) == "w0nder"


def test_a_role_is_assumed(moto: Moto, desk: Desk) -> None:
    moto.secret("charts", "wonder")
    alice = moto.user("alice")
    arn = moto.role("read", f"arn:aws:iam::{ACCOUNT}:user/alice")
    text = rule(more=f'{REGION}, role_arn = "{arn}"')
    assert password(desk.broker(text, environ={**keys(alice), **ALONE}, route=route(moto))) == "wonder"
    assert [one.principal for one in moto.sessions] == [arn]


def test_other_keys_in_the_shared_file_are_used_one_second_later(moto: Moto, desk: Desk, clock: HandClock) -> None:
    moto.secret("charts", "wonder")
    environ = kept(desk.folder, credentials=section("default", moto.user("alice")))
    broker = desk.broker(rule(), environ=environ, route=route(moto), clock=clock)
    assert password(broker) == "wonder"
    (desk.folder / ".aws" / "credentials").write_text("[default]\naws_access_key_id = AKIA\n")
    clock.move(1)
    assert "one half of a key is missing" in failure(broker).message


def test_a_secret_that_is_not_there_is_one_line(moto: Moto, desk: Desk) -> None:
    error = failure(desk.broker(rule(), environ={**keys(moto.user("alice")), **ALONE}, route=route(moto)))
    assert "GetSecretValue was refused: ResourceNotFoundException, status 40" in error.message
    assert error.hint == "correct secret_id and region, or put a value there"


def test_a_value_that_is_no_object_has_no_key_and_is_not_shown(moto: Moto, desk: Desk) -> None:
    moto.secret("charts", "wonder")
    text = rule(more=f'{REGION}, key = "password"')
    error = failure(desk.broker(text, environ={**keys(moto.user("alice")), **ALONE}, route=route(moto)))
    assert "is no JSON object" in error.message
    assert "wonder" not in str(error)


def test_without_an_identity_no_login_of_another_tool_takes_its_place(moto: Moto, desk: Desk) -> None:
    error = failure(desk.broker(rule(), environ={"HOME": str(desk.folder), **ALONE}, route=route(moto)))
    assert type(error) is CredentialUnavailable
    assert "no AWS identity was found" in error.message


def test_another_authority_is_refused_and_nothing_is_sent(moto: Moto, desk: Desk) -> None:
    entry = f'[[tls]]\nmatch = "{HOST}"\nca_only = true\nca = ["{Authority().write(desk.folder / "other")}"]\n'
    broker = desk.broker(rule() + entry, environ={**keys(moto.user("alice")), **ALONE}, route=route(moto))
    assert isinstance(failure(broker), TLSFailed)


@pytest.mark.parametrize("more", ["", ', region = "evil.test/"'])
def test_a_region_must_be_known_and_be_one(more: str, desk: Desk) -> None:
    with pytest.raises(ConfigurationError, match="region is needed"):
        desk.broker(rule(more=more))
