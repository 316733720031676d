"""One line that says what was tried and what to do, and nothing that Google has written."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from ocibroker.errors import CredentialUnavailable
from ocibroker.provider import Caller, Deadline, Secret, Target
from ocibroker.testing.staged import Staged
from ocibroker_gar import GarProvider
from tests.google.accounts import written
from tests.google.emulator import Google
from tests.google.refusal import BODY, REQUEST_ID, Refusal
from tests.plugins.gar.asking import HOST, failure, logged_in, named, rule, whose
from tests.transport.brokers import Desk
from tests.transport.hand_clock import HandClock
from tests.transport.repeats import times

pytestmark = pytest.mark.acceptance(34)

LATER = [
    ("temporarily_unavailable", 503, "", "try again later"),
    ("rate_limit_exceeded", 429, "", "try again later"),
]


@pytest.mark.parametrize(
    ("code", "status", "special", "cure"),
    [
        ("invalid_grant", 400, "", "gcloud auth application-default login"),
        ("invalid_grant", 400, "invalid_rapt", "log in again"),
        ("invalid_client", 401, "", "gcloud auth application-default login"),
        ("admin_policy_enforced", 400, "", "administrator"),
        ("unheard_of", 400, "", "docs/gar.md"),
        *LATER,
    ],
)
def test_a_login_is_refused(code: str, status: int, special: str, cure: str, google: Google, desk: Desk) -> None:
    google.oauth.refusals += [Refusal(code, status, special)] * times(status)
    broker = desk.broker(environ=logged_in(desk, google.accounts.login("alice")), route=google.route)
    error = failure(broker)
    said = f"{code}, {special}" if special else code
    assert f"the refresh of the login was refused: {said}, status {status}; tried gcloud's login (" in error.message
    assert (cure in error.hint, len(google.asked)) == (True, times(status))


@pytest.mark.parametrize(
    ("code", "status", "special", "cure"),
    [
        ("invalid_grant", 400, "", "another key"),
        ("unauthorized_client", 401, "", "another key"),
        *LATER,
    ],
)
def test_a_key_is_refused(code: str, status: int, special: str, cure: str, google: Google, desk: Desk) -> None:
    google.oauth.refusals += [Refusal(code, status, special)] * times(status)
    error = failure(desk.broker(environ=named(desk, google.accounts.key("ci")), route=google.route))
    assert f"the exchange of the service account's key was refused: {code}, status {status}" in error.message
    assert "tried GOOGLE_APPLICATION_CREDENTIALS (" in error.message
    assert (cure in error.hint, len(google.asked)) == (True, times(status))


@pytest.mark.parametrize(
    ("code", "status", "special", "cure"),
    [
        ("invalid_grant", 400, "", "issuer, audiences and attribute condition"),
        ("invalid_target", 400, "", "workload identity provider"),
        ("unauthorized_client", 400, "", "attribute condition"),
        ("invalid_request", 400, "", "type of the token"),
        *LATER,
    ],
)
def test_sts_refuses(code: str, status: int, special: str, cure: str, google: Google, desk: Desk) -> None:
    google.sts.refusals += [Refusal(code, status, special)] * times(status)
    text = rule(workload_identity_provider=google.accounts.trust("cluster", "x", "y"))
    error = failure(desk.broker(text, route=google.route), caller=Caller(token=Secret("of-the-pod")))
    expected = f"the exchange at STS was refused: {code}, status {status}; tried the caller's token"
    assert (error.message, cure in error.hint, len(google.asked)) == (expected, True, times(status))


@pytest.mark.parametrize(
    ("code", "status", "special", "cure"),
    [
        ("PERMISSION_DENIED", 403, "IAM_PERMISSION_DENIED", "roles/iam.serviceAccountTokenCreator"),
        ("PERMISSION_DENIED", 403, "SERVICE_DISABLED", "enable the IAM Service Account Credentials API"),
        ("NOT_FOUND", 404, "", "correct the service account's e-mail"),
        ("UNAUTHENTICATED", 401, "", "not accepted"),
        ("RESOURCE_EXHAUSTED", 429, "", "try again later"),
        ("INTERNAL", 500, "", "try again later"),
        ("UNAVAILABLE", 503, "", "try again later"),
    ],
)
def test_impersonation_is_refused(
    code: str, status: int, special: str, cure: str, google: Google, desk: Desk
) -> None:
    google.iam.refusals += [Refusal(code, status, special)] * times(status)
    pull = google.accounts.account("pull", "user/alice")
    environ = logged_in(desk, google.accounts.login("alice"))
    error = failure(desk.broker(rule(impersonate=pull), environ=environ, route=google.route))
    said = f"{code}, {special}" if special else code
    assert f"generateAccessToken was refused: {said}, status {status}, request id {REQUEST_ID}" in error.message
    assert error.message.endswith(f", service account {pull}")
    assert (cure in error.hint, len(google.asked)) == (True, 1 + times(status))


def test_a_wrong_clock_is_called_one(google: Google, desk: Desk) -> None:
    clock = HandClock()
    clock.move(-3600)
    broker = desk.broker(environ=named(desk, google.accounts.key("ci")), route=google.route, clock=clock)
    assert re.fullmatch("set this machine's clock, which is -3(600|599) seconds off", failure(broker).hint)


@pytest.mark.parametrize("date", ["", "yesterday", "Tue, 24 Nov 2026 00:00:00 -0000"])
def test_an_answer_without_a_date_says_nothing_of_the_clock(date: str, google: Google, tmp_path: Path) -> None:
    written(tmp_path / "key.json", google.accounts.key("ci"))
    staged = Staged.of(
        GarProvider(),
        Target.parse(HOST),
        {"credentials": {"file": "key.json"}},
        folder=tmp_path,
        environ={},
        clock=HandClock(),
    )
    answer = httpx.Response(400, json={"error": "invalid_grant"}, headers={"Date": date})
    with pytest.raises(CredentialUnavailable, match="or create another key"):
        staged.fetch(lambda _: answer, Deadline.after(20))


def test_a_token_that_has_expired_by_our_clock_is_refused(google: Google, desk: Desk) -> None:
    clock = HandClock()
    google.accounts.life = timedelta(hours=1)
    text = rule(impersonate=google.accounts.account("pull", "user/alice"))
    environ = logged_in(desk, google.accounts.login("alice"))
    clock.move(7200)
    error = failure(desk.broker(text, environ=environ, route=google.route, clock=clock))
    assert "has expired by this machine's clock" in error.message


def test_nothing_of_it_is_logged(google: Google, desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    key, login = google.accounts.key("ci"), google.accounts.login("alice")
    pull = google.accounts.account("pull", key["client_email"])
    broker = desk.broker(rule(impersonate=pull), environ=named(desk, key), route=google.route)
    assert whose(google, broker) == pull
    whose(google, desk.broker(environ=logged_in(desk, login), route=google.route))
    google.oauth.refusals.append(Refusal("invalid_grant"))
    failure(desk.broker(environ=named(desk, key, "again.json"), route=google.route))
    secrets = (*google.accounts.issued, key["private_key"].splitlines()[1], login["refresh_token"], BODY)
    sent = [request.body.decode() for request in google.tls.requests]
    seen = [one for one in (*secrets, *sent) if one in caplog.text]
    assert (seen, "google" in {record.name.partition(".")[0] for record in caplog.records}) == ([], False)


def test_what_others_do_with_the_sdk_is_logged_as_ever(
    google: Google, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    whose(google, desk.broker(environ=named(desk, google.accounts.key("ci")), route=google.route))
    logging.getLogger("google.auth.transport").warning("somebody else's")
    assert "somebody else's" in caplog.text
