"""Two identities in one process, for one host: never each other's answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from ocibroker.provider import Caller, Secret
from tests.aws.emulator import Aws
from tests.aws.shared_files import kept, keys, section
from tests.plugins.ecr.asking import HOST, NEIGHBOUR, failure, rule, whose
from tests.transport.brokers import Desk
from tests.transport.hand_clock import HandClock

pytestmark = pytest.mark.acceptance(34)


@pytest.mark.parametrize("other", [f"{HOST}/bobs", NEIGHBOUR])
def test_by_profile(other: str, aws: Aws, desk: Desk) -> None:
    users = {name: aws.iam.user(name) for name in ("alice", "bob")}
    environ = kept(desk.folder, credentials="".join(section(name, key) for name, key in users.items()))
    text = rule(HOST, profile="alice") + rule(other, profile="bob")
    broker = desk.broker(text, environ=environ, route=aws.route)
    found = [whose(aws, broker, target) for target in (HOST, other, HOST, other)]
    assert found == ["user/alice", "user/bob", "user/alice", "user/bob"]
    assert len(aws.asked) == 2


@pytest.mark.parametrize("by", ["keys", "profile"])
def test_by_environment_at_the_same_time(by: str, aws: Aws, desk: Desk) -> None:
    users = [aws.iam.user(f"user-{number}") for number in range(8)]
    shared = kept(desk.folder, credentials="".join(section(user.ident, user) for user in users))
    environs = [{**shared, "AWS_PROFILE": user.ident} if by == "profile" else keys(user) for user in users]
    brokers = [desk.broker(environ=environ, route=aws.route) for environ in environs]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(partial(whose, aws), brokers))
    assert found == [user.principal for user in users]


def test_by_the_callers_token(aws: Aws, desk: Desk) -> None:
    broker = desk.broker(environ=keys(aws.iam.user("node")), route=aws.route)
    callers = {}
    for name in ("one", "two"):
        arn = aws.iam.role(name, f"token of-{name}")
        annotations = {"eks.amazonaws.com/ecr-role-arn": arn}
        callers[arn] = Caller(token=Secret(f"of-{name}"), annotations=annotations)
    for _ in range(2):
        assert [whose(aws, broker, caller=caller) for caller in callers.values()] == list(callers)
    stranger = Caller(token=Secret("of-three"), annotations=callers[arn].annotations)
    assert "AccessDenied" in failure(broker, caller=stranger).message
    assert whose(aws, broker) == "user/node"


def test_an_annotation_without_a_token_is_no_role(aws: Aws, desk: Desk) -> None:
    arn = aws.iam.role("admin", "user/node")
    broker = desk.broker(environ=keys(aws.iam.user("node")), route=aws.route)
    assert whose(aws, broker, caller=Caller(annotations={"eks.amazonaws.com/role-arn": arn})) == "user/node"
    assert aws.sts.calls == []


@pytest.mark.parametrize("file", ["credentials", "config"])
def test_a_changed_shared_file_is_noticed_at_the_next_access(file: str, aws: Aws, desk: Desk) -> None:
    clock = HandClock()
    environ = kept(desk.folder, **{file: section("default", aws.iam.user("alice"))})
    broker = desk.broker(environ=environ, route=aws.route, clock=clock)
    assert whose(aws, broker) == "user/alice"
    kept(desk.folder, **{file: section("default", aws.iam.user("bob"), output="json")})
    assert whose(aws, broker) == "user/alice"
    clock.move(1)
    assert whose(aws, broker) == "user/bob"


def test_a_changed_token_file_is_noticed_at_the_next_access(aws: Aws, desk: Desk) -> None:
    clock, token = HandClock(), desk.folder / "token"
    arn = aws.iam.role("pod", "token of-the-pod")
    token.write_text("of-the-pod")
    environ = {**kept(desk.folder), "AWS_WEB_IDENTITY_TOKEN_FILE": str(token), "AWS_ROLE_ARN": arn}
    broker = desk.broker(environ=environ, route=aws.route, clock=clock)
    assert whose(aws, broker) == arn
    token.write_text("of-somebody-else")
    clock.move(1)
    assert "AccessDenied" in failure(broker).message
