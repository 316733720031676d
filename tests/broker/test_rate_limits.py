"""What a registry says of how many requests are left is told of, and remembered for who asks."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker import Broker
from ocibroker.clock import SystemClock
from ocibroker.events import Event, Limited, Report
from ocibroker.testing import Authority, CannedResponse, EmbeddedRegistry
from ocibroker.transport.rate_limits import RateLimits
from tests.transport.hand_clock import HandClock

PATH = "/v2/library/alpine/manifests/latest"
HUB = {
    "ratelimit-limit": "100;w=21600",
    "ratelimit-remaining": "76;w=21600",
    "docker-ratelimit-source": "192.0.2.7",
}
HOST = "registry-1.docker.io"


@pytest.fixture
def registry(authority: Authority) -> Iterator[EmbeddedRegistry]:
    with EmbeddedRegistry(tls=authority.server_context("localhost"), auth="none") as running:
        running.responses[PATH] = CannedResponse(200, HUB)
        yield running


@pytest.fixture
def told() -> list[Event]:
    return []


@pytest.fixture
def broker(told: list[Event], roots: Path, tmp_path: Path) -> Iterator[Broker]:
    (tmp_path / "config.toml").touch()
    environ = {"SSL_CERT_FILE": str(roots)}
    with Broker.from_config(tmp_path / "config.toml", environ=environ, observe=told.append) as made:
        yield made


def test_explain_tells_what_the_host_has_said_last(
    broker: Broker, registry: EmbeddedRegistry, told: list[Event]
) -> None:
    target = f"{registry.address}/library/alpine"
    assert broker.explain(target).limit is None
    with broker.access(target).client() as http:
        assert http.head(PATH).status_code == 200
        registry.responses[PATH] = CannedResponse(429, {**HUB, "ratelimit-remaining": "0;w=21600"})
        http.head(PATH)
    limits = [event for event in told if isinstance(event, Limited)]
    assert [event.remaining for event in limits][:2] == [76, 0]
    said = broker.explain(target).limit
    assert said
    assert said.startswith("localhost: 0 of 100 requests left in 21600 s, counted for 192.0.2.7 at ")


@pytest.mark.parametrize(
    ("headers", "left"),
    [
        (HUB, (76, 100, 21600, "192.0.2.7")),
        ({"ratelimit-limit": "100", "ratelimit-remaining": "99"}, (99, 100, None, "")),
        ({**HUB, "docker-ratelimit-source": "an account, or so"}, (76, 100, 21600, "")),
        ({"ratelimit-remaining": "99"}, None),
        ({"ratelimit-limit": "100"}, None),
        ({**HUB, "ratelimit-remaining": "-1"}, None),
        ({**HUB, "ratelimit-remaining": "many"}, None),
        ({**HUB, "ratelimit-limit": "100;w=x"}, None),
        ({**HUB, "ratelimit-limit": "1" * 99}, None),
        ({}, None),
    ],
)
def test_headers_that_say_nothing_are_nothing(
    headers: dict[str, str], left: tuple[int, int, int | None, str] | None, clock: HandClock
) -> None:
    limits = RateLimits(clock, Report())
    limits.note(HOST, headers)
    said = limits.said(HOST)
    assert (said and (said.remaining, said.limit, said.window, said.source)) == left


@given(limit=st.text(), remaining=st.text(), source=st.text())
def test_whatever_a_registry_says_does_no_harm(limit: str, remaining: str, source: str) -> None:
    limits = RateLimits(SystemClock(), Report())
    headers = {"ratelimit-limit": limit, "ratelimit-remaining": remaining, "docker-ratelimit-source": source}
    limits.note(HOST, headers)
    said = limits.said(HOST)
    assert said is None or str(said).isprintable()


def test_hosts_without_end_are_not_remembered() -> None:
    limits = RateLimits(SystemClock(), Report())
    for at in range(1000):
        limits.note(f"r{at}.example.com", HUB)
    assert sum(limits.said(f"r{at}.example.com") is not None for at in range(1000)) == 256


@pytest.mark.parametrize(("remaining", "level"), [("76", logging.DEBUG), ("0", logging.INFO)])
def test_it_is_said_louder_once_nothing_is_left(remaining: str, level: int, clock: HandClock) -> None:
    limits = RateLimits(clock, Report())
    limits.note(HOST, {**HUB, "ratelimit-remaining": remaining})
    said = limits.said(HOST)
    assert said
    assert said.level == level
    assert str(said) == f"{HOST}: {remaining} of 100 requests left in 21600 s, counted for 192.0.2.7"
