"""A password that is kept in Google Secret Manager."""

from __future__ import annotations

import re

import pytest

from ocibroker import Broker
from ocibroker.errors import ConfigurationError, CredentialUnavailable, OcibrokerError
from tests.google.accounts import written
from tests.google.emulator import IAM, OAUTH, SECRETS, Google
from tests.google.refusal import BODY, REQUEST_ID, Refusal
from tests.google.secret_manager import PATH
from tests.plugins.gar.asking import ALONE, named
from tests.transport.brokers import Desk
from tests.transport.hand_clock import HandClock
from tests.vendors import stored
from tests.vendors.stored import password


def rule(more: str = "") -> str:
    return stored.rule("gcp_secretmanager", f'project = "acme-prod", secret = "charts"{more}')


def reader(google: Google, desk: Desk, content: bytes = b"wonder\n") -> dict[str, str]:
    """Keep ``content``, and return the environment of a service account that may read it."""
    key = google.accounts.key("ci")
    google.secrets.kept[PATH] = content
    google.secrets.readers.add(key["client_email"])
    return named(desk, key)


def failure(broker: Broker) -> OcibrokerError:
    error = stored.failure(broker, "gcp_secretmanager acme-prod/charts (latest)", CredentialUnavailable)
    assert BODY not in str(error)
    return error


def test_it_is_read_as_whoever_the_environment_says(google: Google, desk: Desk) -> None:
    broker = desk.broker(rule(), environ=reader(google, desk), route=google.route)
    assert password(broker) == "wonder"
    assert google.asked == [OAUTH, SECRETS]


def test_a_key_may_be_named_in_the_reference_and_one_value_chosen(google: Google, desk: Desk) -> None:
    reader(google, desk, b'{"user": "alice", "password": "w0nder"}')
    more = ', credentials = { file = "named.json" }, key = "password"'
    assert password(desk.broker(rule(more), environ=ALONE, route=google.route)) == "w0nder"


def test_an_account_is_impersonated(google: Google, desk: Desk) -> None:
    environ = reader(google, desk)
    who = google.secrets.readers.pop()
    account = google.accounts.account("secrets", who)
    google.secrets.readers.add(account)
    assert (
        password(desk.broker(rule(f', impersonate = "{account}"'), environ=environ, route=google.route)) == "wonder"
    )
    assert google.asked == [OAUTH, IAM, SECRETS]


def test_a_regional_secret_is_asked_for_in_its_region(google: Google, desk: Desk) -> None:
    environ = reader(google, desk)
    google.secrets.kept[PATH.replace("/secrets/", "/locations/europe-west3/secrets/")] = b"regional"
    broker = desk.broker(rule(', location = "europe-west3"'), environ=environ, route=google.route)
    assert password(broker) == "regional"
    assert google.asked[-1] == "secretmanager.europe-west3.rep.googleapis.com"


def test_another_key_in_its_file_is_used_one_second_later(google: Google, desk: Desk, clock: HandClock) -> None:
    google.accounts.clock = clock.now
    broker = desk.broker(rule(), environ=reader(google, desk), route=google.route, clock=clock)
    password(broker)
    other = google.accounts.key("other")
    written(desk.folder / "named.json", other)
    clock.move(1)
    assert "PERMISSION_DENIED" in failure(broker).message


@pytest.mark.parametrize(
    ("code", "status", "cure"),
    [
        ("PERMISSION_DENIED", 403, "roles/secretmanager.secretAccessor"),
        ("NOT_FOUND", 404, "correct project, secret and version"),
        ("FAILED_PRECONDITION", 400, "enable the version"),
        ("UNHEARD_OF", 400, "docs/gar.md"),
    ],
)
def test_a_refusal_is_one_line(code: str, status: int, cure: str, google: Google, desk: Desk) -> None:
    environ = reader(google, desk)
    google.secrets.refusals.append(Refusal(code, status))
    error = failure(desk.broker(rule(), environ=environ, route=google.route))
    said = f"the access to the secret was refused: {code}, status {status}, request id {REQUEST_ID}; tried "
    assert error.message.startswith(said)
    assert cure in error.hint


@pytest.mark.parametrize(
    ("content", "more", "why"),
    [
        (b"\xff\xfe", "", "is no text"),
        (b"", "", "empty"),
        (b"wonder", ', key = "password"', "is no JSON object"),
        (b'{"pass": "wonder"}', ', key = "password"', "has nothing under 'password'"),
        (b'{"password": 7}', ', key = "password"', "something else than text"),
    ],
)
def test_what_is_no_password_is_said_and_not_shown(
    content: bytes, more: str, why: str, google: Google, desk: Desk
) -> None:
    error = failure(desk.broker(rule(more), environ=reader(google, desk, content), route=google.route))
    assert re.search(why, error.message)
    assert "wonder" not in str(error)


def test_without_an_identity_no_login_of_another_tool_takes_its_place(google: Google, desk: Desk) -> None:
    error = failure(desk.broker(rule(), environ={**ALONE, "HOME": str(desk.folder)}, route=google.route))
    assert type(error) is CredentialUnavailable
    assert "no Google identity was found" in error.message


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (', version = "1/../2"', "version is none"),
        (', location = "a.evil.test/"', "location is none"),
        (', universe_domain = "evil.test/x"', "universe_domain is none"),
        (', credential = "x"', "did you mean credentials"),
    ],
)
def test_what_could_change_the_address_is_refused_when_it_is_read(more: str, why: str, desk: Desk) -> None:
    with pytest.raises(ConfigurationError, match=why):
        desk.broker(rule(more))
