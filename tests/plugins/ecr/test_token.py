"""The token that ECR gives: how long it lives, what it opens, and what is none."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from ocibroker import Basic
from ocibroker.clock import SystemClock
from ocibroker.errors import CredentialUnavailable
from ocibroker.provider import Deadline, Target
from ocibroker.testing.staged import Staged
from ocibroker_ecr import EcrProvider
from tests.aws.emulator import Aws
from tests.aws.shared_files import keys
from tests.plugins.ecr.asking import API, HOST, NEIGHBOUR, PUBLIC, whose
from tests.plugins.ecr.told import KEY_ID, SECRET_KEY, TOKEN
from tests.transport.brokers import Desk
from tests.transport.hand_clock import HandClock

pytestmark = pytest.mark.acceptance(34)


def test_it_lives_as_long_as_ecr_says(aws: Aws, desk: Desk) -> None:
    clock = HandClock()
    aws.registry.life = timedelta(hours=3)
    broker = desk.broker(environ=keys(aws.iam.user("alice")), route=aws.route, clock=clock)
    found = broker.access(HOST).credential
    assert isinstance(found, Basic)
    assert found.issued_at == clock.now()
    assert found.expires_at is not None
    assert abs(found.expires_at - clock.now() - timedelta(hours=3)) < timedelta(minutes=1)


def test_it_never_lives_longer_than_ecrs_do(aws: Aws, desk: Desk) -> None:
    clock = HandClock()
    aws.registry.life = timedelta(days=4000)
    broker = desk.broker(environ=keys(aws.iam.user("alice")), route=aws.route, clock=clock)
    found = broker.access(HOST).credential
    assert isinstance(found, Basic)
    assert found.expires_at == clock.now() + timedelta(hours=12)


def test_public_ecr_has_its_own_shape_and_region(aws: Aws, desk: Desk) -> None:
    broker = desk.broker(environ={**keys(aws.iam.user("alice")), "AWS_REGION": "eu-west-1"}, route=aws.route)
    assert whose(aws, broker, PUBLIC) == "user/alice"
    assert aws.asked == ["api.ecr-public.us-east-1.amazonaws.com"]


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        [[]],
        [{"authorizationToken": TOKEN}],
        [{"expiresAt": 4e9}],
        [{"authorizationToken": TOKEN, "expiresAt": True}],
        [{"authorizationToken": TOKEN, "expiresAt": "4000000000"}],
        [{"authorizationToken": TOKEN, "expiresAt": float("nan")}],
        [{"authorizationToken": TOKEN, "expiresAt": 1e300}],
        [{"authorizationToken": "no base64!", "expiresAt": 4e9}],
        [{"authorizationToken": "QVdTOg==", "expiresAt": 4e9}],
        [{"authorizationToken": "cm9vdDp4", "expiresAt": 4e9}],
        [{"authorizationToken": "QVdTOngKeQ==", "expiresAt": 4e9}],
        [{"authorizationToken": 7, "expiresAt": 4e9}],
    ],
)
def test_an_answer_without_one_is_an_error(data: object, tmp_path: Path) -> None:
    environ = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    staged = Staged.of(EcrProvider(), Target.parse(HOST), {}, folder=tmp_path, environ=environ, clock=SystemClock())
    body = json.dumps({"authorizationData": data})
    with pytest.raises(CredentialUnavailable, match="without a token"):
        staged.fetch(lambda _: httpx.Response(200, text=body), Deadline.after(20))


def test_one_token_opens_every_registry_of_the_region(aws: Aws, desk: Desk) -> None:
    broker = desk.broker(environ=keys(aws.iam.user("alice")), route=aws.route)
    first, second = (broker.access(f"{host}/app") for host in (HOST, NEIGHBOUR))
    assert first.credential is second.credential
    assert (first.origin.host, second.origin.host) == (HOST, NEIGHBOUR)
    assert aws.asked == [API]
