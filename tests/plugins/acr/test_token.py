"""The registry's token: how long it lives, and what of it is believed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker import Basic
from ocibroker.errors import CredentialUnavailable, RedirectRefused
from ocibroker.provider import Secret, end_of
from ocibroker.testing import CannedResponse
from tests.azure.emulator import Azure
from tests.azure.refusal import REQUEST_ID, Refusal
from tests.azure.registry_tokens import USER, unsigned
from tests.plugins.acr.asking import HOST, failure, user
from tests.transport.brokers import Desk
from tests.transport.hand_clock import HandClock
from tests.transport.repeats import times

pytestmark = [pytest.mark.acceptance(34), pytest.mark.acceptance(37)]


@pytest.mark.parametrize(("life", "kept"), [(timedelta(minutes=75), 75), (timedelta(hours=3), 180)])
def test_it_lives_as_long_as_it_says(life: timedelta, kept: int, azure: Azure, desk: Desk) -> None:
    clock = HandClock()
    azure.registry.life = life
    broker = desk.broker(environ=user(azure, "alice"), route=azure.route, clock=clock)
    found = broker.access(HOST).credential
    assert isinstance(found, Basic)
    assert (found.username, found.issued_at) == (USER, clock.now())
    assert found.expires_at is not None
    assert abs(found.expires_at - clock.now() - timedelta(minutes=kept)) < timedelta(minutes=1)


def test_it_never_lives_longer_than_the_registries_do(azure: Azure, desk: Desk) -> None:
    clock = HandClock()
    azure.registry.life = timedelta(days=4000)
    found = desk.broker(environ=user(azure, "alice"), route=azure.route, clock=clock).access(HOST).credential
    assert isinstance(found, Basic)
    assert found.expires_at == clock.now() + timedelta(hours=3)


def test_one_that_has_expired_by_our_clock_is_refused(azure: Azure, desk: Desk) -> None:
    clock = HandClock()
    clock.move(4 * 3600)
    error = failure(desk.broker(environ=user(azure, "alice"), route=azure.route, clock=clock))
    assert "has expired by this machine's clock" in error.message


def test_the_tenant_is_named_where_it_is_known(azure: Azure, desk: Desk) -> None:
    azure.metadata.system = "machine"
    for environ in (user(azure, "alice"), {}):
        desk.broker(environ=environ, route=azure.route).access(HOST)
    bodies = [one.body.decode() for one in azure.tls.requests if one.path == "/oauth2/exchange"]
    assert [f"tenant={azure.directory.tenant}" in body for body in bodies] == [True, False]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"c4n4ry",
        b"{}",
        b"[]",
        b'{"refresh_token": 1}',
        b'{"refresh_token": ""}',
        b'{"refresh_token": "two\\nlines"}',
        b'{"refresh_token": "no-token"}',
        b'{"refresh_token": "a.b.c"}',
        json.dumps({"refresh_token": unsigned([])}).encode(),
        json.dumps({"refresh_token": unsigned({"iat": 1})}).encode(),
        json.dumps({"refresh_token": unsigned({"iat": 1, "exp": 10**30})}).encode(),
    ],
)
def test_an_answer_without_one_is_an_error(body: bytes, azure: Azure, desk: Desk) -> None:
    azure.registry.refusals.append(CannedResponse(200, {}, body))
    error = failure(desk.broker(environ=user(azure, "alice"), route=azure.route))
    assert isinstance(error, CredentialUnavailable)
    assert "the registry answered without a token" in error.message


@pytest.mark.parametrize(
    ("refusal", "cure"),
    [
        (Refusal("UNAUTHORIZED", status=401), "the registry's tenant"),
        (Refusal("DENIED", status=403), "AcrPull"),
        (Refusal("TOOMANYREQUESTS", status=429), "try again later"),
        (Refusal("UNKNOWN", status=503), "try again later"),
        (Refusal("BAD_REQUEST", status=400), "tenant_id"),
        (Refusal("NOT_FOUND", status=404), "no registry of Azure's"),
        (Refusal("x", status=418), "docs/acr.md"),
    ],
)
def test_a_refusal_says_what_to_do(refusal: Refusal, cure: str, azure: Azure, desk: Desk) -> None:
    azure.registry.refusals += [refusal] * times(refusal.status)
    error = failure(desk.broker(environ=user(azure, "alice"), route=azure.route))
    why = f"the registry refused to exchange the token: {refusal.error}, status {refusal.status}"
    assert f"{why}, request id {REQUEST_ID}; tried AZURE_CLIENT_SECRET of the environment" in error.message
    assert (cure in error.hint, azure.asked.count(HOST)) == (True, times(refusal.status))


def test_a_redirect_is_not_followed(azure: Azure, desk: Desk) -> None:
    azure.registry.refusals.append(CannedResponse(307, {"Location": "https://evil.example/oauth2/exchange"}))
    error = failure(desk.broker(environ=user(azure, "alice"), route=azure.route))
    assert (isinstance(error, RedirectRefused), "evil.example" in azure.asked) == (True, False)


BEGIN = datetime.fromtimestamp(0, UTC)


class TestExpiry:
    @pytest.mark.fault(17)
    @pytest.mark.parametrize(
        ("now", "end"),
        [(1, 1_000), (500, 1_000), (-3_600, -2_601), (3_600, 1_000)],
        ids=["right", "old", "slow", "fast"],
    )
    def test_it_is_the_moment_that_the_token_says_or_its_life_from_now_whichever_is_sooner(
        self, now: int, end: int
    ) -> None:
        token = Secret(unsigned({"iat": 1, "exp": 1_000}))
        assert end_of(token, BEGIN + timedelta(seconds=now)) == BEGIN + timedelta(seconds=end)

    @pytest.mark.parametrize("now", [1, 3_600], ids=["to-come", "past"])
    def test_since_when_it_lives_it_need_not_say(self, now: int) -> None:
        token = Secret(unsigned({"exp": 1_000}))
        assert end_of(token, BEGIN + timedelta(seconds=now)) == BEGIN + timedelta(seconds=1_000)

    @pytest.mark.parametrize(
        "claims",
        [
            {"iat": None, "exp": -1},
            {"exp": 0},
            {"exp": 1e300},
            {"exp": 10**40},
            {"iat": 1_000, "exp": 1_000},
            {"iat": 2_000, "exp": 1_000},
            {"iat": -1, "exp": 1_000},
            {"iat": 1, "exp": "1000"},
            {"iat": 1, "exp": True},
            {"iat": 1, "exp": None},
            {"iat": 1, "exp": 1.5},
            {"iat": 1, "exp": float("nan")},
            {"iat": 1, "exp": float("inf")},
            {"iat": 1, "exp": 1e300},
            {"iat": 1, "exp": 10**40},
        ],
    )
    def test_a_moment_that_cannot_be_is_none(self, claims: dict[str, object]) -> None:
        assert end_of(Secret(unsigned(claims)), BEGIN) is None

    @given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1))
    def test_any_other_text_has_none(self, text: str) -> None:
        assert end_of(Secret(text), BEGIN) is None

    @given(st.binary(max_size=60), st.integers(0, 4))
    def test_whatever_a_part_holds_nothing_is_raised(self, content: bytes, dots: int) -> None:
        part = content.hex() or "x"
        assert end_of(Secret(".".join([part] * (dots + 1))), BEGIN) is None
