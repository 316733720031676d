"""The token, and how long it lives."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker import Basic
from ocibroker.clock import SystemClock
from ocibroker.errors import CredentialUnavailable, IntegrityError
from ocibroker.provider import Deadline, Target
from ocibroker.testing.staged import Staged
from ocibroker_gar import GarProvider
from ocibroker_gar.refusal import Refusal, refusal_in
from ocibroker_gar.token import generated, granted
from tests.google.accounts import Accounts, now, written
from tests.google.emulator import Google
from tests.plugins.gar.asking import HOST, logged_in, rule
from tests.transport.brokers import Desk
from tests.transport.hand_clock import HandClock

pytestmark = pytest.mark.acceptance(34)


@pytest.mark.parametrize(
    ("said", "life"), [(timedelta(minutes=20), timedelta(minutes=20)), (timedelta(days=4000), timedelta(hours=12))]
)
@pytest.mark.parametrize("account", ["", "pull"])
def test_it_lives_as_long_as_google_says_and_never_longer_than_googles_do(
    account: str, said: timedelta, life: timedelta, google: Google, desk: Desk
) -> None:
    clock = HandClock()
    google.accounts.life = said
    text = rule(impersonate=google.accounts.account(account, "user/alice")) if account else ""
    environ = logged_in(desk, google.accounts.login("alice"))
    found = desk.broker(text, environ=environ, route=google.route, clock=clock).access(HOST).credential
    assert isinstance(found, Basic)
    assert found.issued_at == clock.now()
    assert found.expires_at is not None
    assert abs(found.expires_at - clock.now() - life) < timedelta(seconds=5)


def staged(folder: Path) -> Staged:
    path = written(folder / "login.json", Accounts().login("alice"))
    environ = {"GOOGLE_APPLICATION_CREDENTIALS": str(path)}
    return Staged.of(GarProvider(), Target.parse(HOST), {}, folder=folder, environ=environ, clock=SystemClock())


@pytest.mark.parametrize(
    "body",
    [
        '{"access_token": "t"}',
        '{"expires_in": 3600}',
        '{"access_token": "t", "expires_in": 0}',
        '{"access_token": "t", "expires_in": -1}',
        '{"access_token": "t", "expires_in": true}',
        '{"access_token": "t", "expires_in": "3600"}',
        '{"access_token": "t", "expires_in": NaN}',
        '{"access_token": "t", "expires_in": 1e400}',
        '{"access_token": "t", "expires_in": null}',
        '{"access_token": "", "expires_in": 3600}',
        '{"access_token": 7, "expires_in": 3600}',
        '{"access_token": "a\\nb", "expires_in": 3600}',
        '[{"access_token": "t", "expires_in": 3600}]',
        "[" * 20000,
    ],
)
def test_an_answer_without_one_is_an_error(body: str, tmp_path: Path) -> None:
    with pytest.raises(CredentialUnavailable, match="without a token"):
        staged(tmp_path).fetch(lambda _: httpx.Response(200, text=body), Deadline.after(20))


def test_an_answer_without_end_is_cut(tmp_path: Path) -> None:
    endless = httpx.Response(200, content=(b" " * 65536 for _ in range(1000)))
    with pytest.raises(IntegrityError, match="longer than"):
        staged(tmp_path).fetch(lambda _: endless, Deadline.after(20))


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_no_other_bytes_are_a_token(body: bytes) -> None:
    assert (granted(body, now()), generated(body, now())) == (None, None)


@pytest.mark.parametrize("moment", ["2030-01-01T00:00:00", "never", "", "2030-01-01"])
def test_a_moment_without_a_zone_is_none(moment: str) -> None:
    assert generated(f'{{"accessToken": "t", "expireTime": "{moment}"}}'.encode(), now()) is None


@given(st.binary(max_size=200))
def test_of_other_bytes_nothing_is_shown(body: bytes) -> None:
    assert refusal_in(body) == Refusal()


@pytest.mark.parametrize(
    "said",
    ['{"error": "a token.Of:The/9"}', '{"error": {"status": "eyJhbGciOi"}}', '{"error": 7}', '{"error": ""}'],
)
def test_of_what_is_no_code_nothing_is_shown(said: str) -> None:
    assert refusal_in(said.encode()) == Refusal()
