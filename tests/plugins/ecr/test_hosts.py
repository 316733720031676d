"""Which hosts are registries of ECR, and which endpoint gives their tokens."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker import Anonymous, Basic
from ocibroker.clock import SystemClock
from ocibroker.provider import Deadline, Target
from ocibroker.testing.staged import Staged
from ocibroker_ecr import EcrProvider
from ocibroker_ecr.registry import Registry
from tests.aws.emulator import Aws
from tests.aws.registries import LOOK_ALIKES, REGISTRIES
from tests.aws.shared_files import keys
from tests.plugins.ecr.asking import HOST, failure, rule, whose
from tests.plugins.ecr.told import KEY_ID, SECRET_KEY, told
from tests.transport.brokers import Desk

pytestmark = pytest.mark.acceptance(34)


def test_there_are_many_of_both_kinds() -> None:
    assert min(len(REGISTRIES), len(LOOK_ALIKES)) >= 40


@pytest.mark.parametrize(("host", "endpoint"), REGISTRIES.items())
def test_the_host_says_which_endpoint_gives_its_token(host: str, endpoint: str, tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return told(request)

    environ = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_REGION": "xx-nowhere-1"}
    clock = SystemClock()
    staged = Staged.of(EcrProvider(), Target.parse(host), {}, folder=tmp_path, environ=environ, clock=clock)
    assert isinstance(staged.fetch(answer, Deadline.after(20)), Basic)
    assert asked == [endpoint]


@pytest.mark.acceptance(35)
@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_a_look_alike_opens_no_socket(name: str, aws: Aws, desk: Desk) -> None:
    dialled: list[str] = []

    def route(host: str, port: int) -> tuple[str, int]:
        dialled.append(host)
        return aws.route(host, port)

    broker = desk.broker(environ=keys(aws.iam.user("alice")), route=route)
    assert isinstance(broker.access(f"{name}/app").credential, Anonymous)
    assert (dialled, aws.asked) == ([], [])


def test_plain_http_is_somebody_elses() -> None:
    assert EcrProvider().claim(Target.from_url(f"http://{HOST}/app")) is None


@given(st.text(st.characters(codec="ascii", exclude_characters="/"), max_size=3), st.integers(0, len(HOST)))
def test_no_other_text_is_a_host(inserted: str, at: int) -> None:
    changed = HOST[:at] + inserted + HOST[at:]
    found = Registry.of(changed)
    # Only the region has no fixed length: what is inserted there makes another region of AWS.
    assert found is None or (changed.startswith("123456789012.dkr.ecr") and changed.endswith(".amazonaws.com"))


def test_a_host_of_ones_own_needs_a_region(aws: Aws, desk: Desk) -> None:
    environ = keys(aws.iam.user("alice"))
    error = failure(desk.broker(rule("registry.corp.test"), environ=environ), "registry.corp.test")
    assert "set region" in str(error)
    wrong = desk.broker(rule("registry.corp.test", region="eu/../west"), environ=environ)
    assert "no region" in str(failure(wrong, "registry.corp.test"))
    named = desk.broker(rule("registry.corp.test", region="eu-west-1"), environ=environ, route=aws.route)
    assert whose(aws, named, "registry.corp.test") == "user/alice"


@pytest.mark.parametrize(("region", "why"), [("us-east-1", "the host is in eu-west-1"), ("x", "the host is in")])
def test_a_region_that_is_not_the_hosts_is_an_error(region: str, why: str, aws: Aws, desk: Desk) -> None:
    assert why in str(failure(desk.broker(rule(region=region), route=aws.route)))
    assert aws.asked == []


def test_a_region_of_a_partition_that_the_sdk_does_not_know_is_an_error(aws: Aws, desk: Desk) -> None:
    host = "123456789012.dkr.ecr.zz-middle-1.amazonaws.com"
    error = failure(desk.broker(environ=keys(aws.iam.user("alice")), route=aws.route), host)
    assert ("upgrade boto3" in error.hint, aws.asked) == (True, [])


def test_an_endpoint_of_ones_own_is_asked(aws: Aws, desk: Desk) -> None:
    text = rule(endpoint_url="https://ecr.endpoint.test")
    broker = desk.broker(text, environ=keys(aws.iam.user("alice")), route=aws.route)
    assert whose(aws, broker) == "user/alice"
    assert aws.asked == ["ecr.endpoint.test"]


def test_an_endpoint_in_the_clear_is_refused(aws: Aws, desk: Desk) -> None:
    text = rule(endpoint_url="http://ecr.endpoint.test")
    error = failure(desk.broker(text, environ=keys(aws.iam.user("alice")), route=aws.route))
    assert ("no https://" in str(error), aws.asked) == (True, [])
