"""Credentials are checked at birth, and never show what they hold."""

from __future__ import annotations

import dataclasses
import pickle
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.credential import Anonymous, Basic, Bearer, Credential, IdentityToken, kind
from ocibroker.errors import InvalidValue
from ocibroker.secret import Secret

CANARY = "c4n4ry-hunter2"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Undecided(tzinfo):
    """A zone that does not say how far it is from UTC."""

    def utcoffset(self, _moment: datetime | None, /) -> None:
        return None

    dst = utcoffset

    def tzname(self, _moment: datetime | None, /) -> str:
        return "?"


def basic() -> Basic:
    return Basic(username="alice", secret=Secret(CANARY))


def identity() -> IdentityToken:
    return IdentityToken(secret=Secret(CANARY))


def bearer() -> Bearer:
    return Bearer(secret=Secret(CANARY))


every_kind = pytest.mark.parametrize("make", [basic, identity, bearer], ids=lambda make: make.__name__)


@every_kind
@pytest.mark.parametrize("show", [repr, str, "{}".format], ids=["repr", "str", "format"])
def test_no_credential_shows_its_secret(make: Callable[[], Credential], show: Callable[[object], str]) -> None:
    assert CANARY not in show(make())


def test_a_user_name_that_is_the_secret_is_not_shown_either() -> None:
    """Of a login at DigitalOcean, for one."""
    assert CANARY not in f"{Basic(username=CANARY, secret=Secret(CANARY))!r}"
    shown = Basic(username="alice", secret=Secret(CANARY))
    assert (shown.shown_username, "username='alice'" in repr(shown)) == ("alice", True)


@every_kind
def test_no_credential_can_be_pickled(make: Callable[[], Credential]) -> None:
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(make())


@every_kind
def test_no_credential_can_be_turned_into_a_table(make: Callable[[], Credential]) -> None:
    with pytest.raises(TypeError, match="cannot be pickled or copied"):
        dataclasses.asdict(make())


@every_kind
def test_no_credential_can_be_changed(make: Callable[[], Credential]) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        make().secret = Secret("other")  # type: ignore[misc]


@every_kind
def test_two_credentials_with_the_same_parts_are_equal(make: Callable[[], Credential]) -> None:
    assert make() == make()


@pytest.mark.parametrize(
    ("credential", "name"),
    [
        (basic(), "basic"),
        (identity(), "identity_token"),
        (bearer(), "bearer"),
        (Anonymous("the registry is public"), "anonymous"),
    ],
    ids=["basic", "identity", "bearer", "anonymous"],
)
def test_each_kind_has_the_name_that_output_uses(credential: Credential | Anonymous, name: str) -> None:
    assert kind(credential) == name


@pytest.mark.parametrize(
    ("make", "culprit"),
    [
        (lambda: Basic(username="", secret=Secret("x")), "username"),
        (lambda: Basic(username="a:b", secret=Secret("x")), "username"),
        (lambda: Basic(username="a\nb", secret=Secret("x")), "username"),
        (lambda: Basic(username="a\x7f", secret=Secret("x")), "username"),
        (lambda: Basic(username="a\ud800", secret=Secret("x")), "username"),
        (lambda: IdentityToken(username="a:b", secret=Secret("x")), "username"),
        (lambda: IdentityToken(username="a\r", secret=Secret("x")), "username"),
        (lambda: Basic(username="alice", secret="text"), "secret"),  # type: ignore[arg-type]
        (lambda: Bearer(secret=None), "secret"),  # type: ignore[arg-type]
        (lambda: Bearer(secret=Secret("a b")), "secret"),
        (lambda: Bearer(secret=Secret("é")), "secret"),
        (lambda: Bearer(secret=Secret("x"), expires_at=datetime(2030, 1, 1)), "expires_at"),  # noqa: DTZ001
        (lambda: Bearer(secret=Secret("x"), issued_at=datetime(2030, 1, 1)), "issued_at"),  # noqa: DTZ001
        (lambda: Bearer(secret=Secret("x"), expires_at=datetime(2030, 1, 1, tzinfo=Undecided())), "expires_at"),
        (lambda: Bearer(secret=Secret("x"), issued_at=NOW, expires_at=NOW), "expires_at"),
        (lambda: Bearer(secret=Secret("x"), issued_at=NOW, expires_at=NOW - timedelta(1)), "expires_at"),
        (
            lambda: Bearer(
                secret=Secret("x"), expires_at=datetime.max.replace(tzinfo=timezone(timedelta(hours=-5)))
            ),
            "expires_at",
        ),
        (lambda: Anonymous(""), "reason"),
        (lambda: Anonymous(" \n"), "reason"),
    ],
    ids=[
        "no-name",
        "colon",
        "line-break",
        "delete",
        "surrogate",
        "identity-colon",
        "identity-control",
        "text-for-secret",
        "nothing-for-secret",
        "bearer-space",
        "bearer-accent",
        "naive-expiry",
        "naive-issue",
        "undecided-zone",
        "no-life",
        "negative-life",
        "beyond-the-calendar",
        "no-reason",
        "blank-reason",
    ],
)
def test_what_is_malformed_is_refused_at_birth_and_named(make: Callable[[], object], culprit: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        make()
    assert caught.value.culprit == culprit


def test_a_traceback_with_local_variables_does_not_show_a_bearer_token_that_no_header_carries() -> None:
    with pytest.raises(InvalidValue) as caught:
        Bearer(secret=Secret(f"{CANARY} x"))
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "c4n4ry-hunter2 x" not in shown


def test_an_identity_token_needs_no_user() -> None:
    assert identity().username == ""


@given(st.datetimes(timezones=st.timezones(), min_value=datetime(1971, 1, 1), max_value=datetime(9990, 1, 1)))  # noqa: DTZ001
def test_every_moment_is_kept_in_utc(moment: datetime) -> None:
    kept = Bearer(secret=Secret("x"), expires_at=moment).expires_at
    assert kept is not None
    assert (kept.tzinfo, kept) == (UTC, moment.astimezone(UTC))


@given(st.text())
def test_a_bearer_token_is_visible_ascii_or_refused(text: str) -> None:
    try:
        token = Bearer(secret=Secret(text)).secret.reveal()
    except InvalidValue:
        return
    assert token == text
    assert all("!" <= char <= "~" for char in token)
