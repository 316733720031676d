"""What may be told of a service's answer, without what it says."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from ocibroker.errors import ConnectionFailed
from ocibroker.provider import HttpAnswer, as_secret

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FIVE = timedelta(minutes=5)


def answer(status: int = 400, date: str = "") -> HttpAnswer:
    return HttpAnswer(status, {"date": date, "set-cookie": "c4n4ry"}, b"c4n4ry")


def test_it_shows_neither_body_nor_headers() -> None:
    assert "c4n4ry" not in repr(answer())


def test_what_a_connection_raises_comes_without_what_raised_it() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise ConnectionFailed("is not reachable", culprit=request.url.host)

    with httpx.Client(transport=httpx.MockTransport(fail)) as http, pytest.raises(ConnectionFailed) as caught:
        HttpAnswer.to(http, "POST", "https://sts.example.test/", content=b"c4n4ry")
    assert caught.value.culprit == "sts.example.test"
    assert [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)][-1] == "to"
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("codes", "ident", "said"),
    [
        ((), "", "status 400"),
        (("",), "", "status 400"),
        (("Denied", "", "Why"), "", "Denied, Why, status 400"),
        (("Denied",), "a1-b2", "Denied, status 400, request id a1-b2"),
    ],
)
def test_a_refusal_is_named_by_what_there_is(codes: tuple[str, ...], ident: str, said: str) -> None:
    assert answer().named(*codes, ident=ident) == said


@pytest.mark.parametrize(
    ("status", "cure"),
    [
        (400, "look at the rule"),
        (428, "look at the rule"),
        (429, "try again later"),
        (499, "look at the rule"),
        (503, "try again later"),
    ],
)
def test_who_is_busy_is_asked_again_later(status: int, cure: str) -> None:
    assert answer(status).busy is (cure == "try again later")
    assert answer(status).or_later("look at the rule") == cure


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("Tue, 24 Nov 2026 11:54:59 GMT", 301),
        ("Tue, 24 Nov 2026 12:05:01 GMT", -301),
        ("Tue, 24 Nov 2026 11:55:00 GMT", 0),
        ("Tue, 24 Nov 2026 00:00:00 -0000", 0),
        ("yesterday", 0),
        ("", 0),
        ("Tue, 24 Nov 99999999999999999999 00:00:00 GMT", 0),
    ],
)
def test_a_clock_is_off_by_the_date_of_an_answer(date: str, seconds: int) -> None:
    said = f"set this machine's clock, which is {seconds} seconds off" if seconds else ""
    assert answer(date=date).clock_cure(NOW, FIVE) == said


@pytest.mark.parametrize("text", ["", "a\nb", "a" * 1_000_000, "\ud800"])
def test_what_can_be_no_secret_is_none(text: str) -> None:
    assert as_secret(text) is None


def test_what_can_be_one_is_one() -> None:
    found = as_secret("w0nder")
    assert found is not None
    assert found.reveal() == "w0nder"
