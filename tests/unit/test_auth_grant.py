"""The token exchange: requests exactly as the specification says, answers read strictly (T19)."""

from __future__ import annotations

import base64
import json
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.pretty import pretty_repr

from ocibroker.auth import Scope
from ocibroker.auth.grant import CLIENT_ID, LEAST_LIFE, MOST_LIFE, get_request, post_request, read_token
from ocibroker.credential import Anonymous, Basic, IdentityToken
from ocibroker.errors import IntegrityError
from ocibroker.secret import LONGEST, Secret

CANARY = "c4n4ry-hunter2"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
REALM = httpx.URL("https://auth.example/token")
SCOPES = (Scope("repository", "a/b", ("pull", "push")), Scope("repository", "c", ("pull",)))


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def answer(content: str | bytes | dict[str, object], **headers: str) -> httpx.Response:
    body = json.dumps(content) if isinstance(content, dict) else content
    return httpx.Response(200, content=body, headers=headers)


def life(response: httpx.Response) -> float:
    token = read_token(response, NOW)
    assert token.expires_at is not None
    return (token.expires_at - NOW).total_seconds()


class TestTheGet:
    @pytest.mark.parametrize(
        ("service", "scopes", "realm", "query"),
        [
            ("", (), "https://auth.example/token", ""),
            ("reg.example", (), "https://auth.example/token", "service=reg.example"),
            (
                "reg.example",
                SCOPES,
                "https://auth.example/token",
                "service=reg.example&scope=repository%3Aa%2Fb%3Apull%2Cpush&scope=repository%3Ac%3Apull",
            ),
            ("a b&c=d", (), "https://auth.example/token", "service=a+b%26c%3Dd"),
            ("new", SCOPES[1:], "https://auth.example/token?x=1", "x=1&service=new&scope=repository%3Ac%3Apull"),
            ("new", (), "https://auth.example/token?service=old", "service=new"),
        ],
        ids=["nothing", "service", "scopes", "escaped", "kept-query", "replaced-query"],
    )
    def test_the_query_says_what_is_wanted(
        self, service: str, scopes: tuple[Scope, ...], realm: str, query: str
    ) -> None:
        request = get_request(httpx.URL(realm), service, scopes, Anonymous("public"))
        assert request.url.query.decode() == query

    @pytest.mark.parametrize(
        ("credential", "header"),
        [
            (Anonymous("public"), None),
            (Basic(username="alice", secret=Secret("hunter2")), basic("alice", "hunter2")),
            (Basic(username="é", secret=Secret("ü:x")), basic("é", "ü:x")),
            (IdentityToken(username="alice", secret=Secret("refresh")), basic("alice", "refresh")),
            (IdentityToken(secret=Secret("refresh")), basic("", "refresh")),
        ],
        ids=["anonymous", "basic", "accents", "identity", "identity-without-user"],
    )
    def test_the_credential_goes_as_http_basic(
        self, credential: Basic | IdentityToken | Anonymous, header: str | None
    ) -> None:
        assert get_request(REALM, "s", (), credential).headers.get("authorization") == header

    def test_the_credential_is_nowhere_in_the_url(self) -> None:
        request = get_request(REALM, "s", SCOPES, Basic(username="alice", secret=Secret(CANARY)))
        assert CANARY not in str(request.url)

    def test_nothing_compressed_is_asked_for(self) -> None:
        request = get_request(REALM, "s", (), Anonymous("public"))
        assert (request.method, request.headers["accept-encoding"], request.content) == ("GET", "identity", b"")


class TestThePost:
    @pytest.mark.parametrize(
        ("service", "scopes", "scope"),
        [
            ("reg.example", SCOPES, "repository:a/b:pull,push repository:c:pull"),
            ("reg.example", SCOPES[1:], "repository:c:pull"),
            ("a b&c", (), ""),
        ],
        ids=["two-scopes", "one-scope", "no-scope"],
    )
    def test_the_form_is_the_one_of_the_specification(
        self, service: str, scopes: tuple[Scope, ...], scope: str
    ) -> None:
        request = post_request(REALM, service, scopes, IdentityToken(secret=Secret("a+b/c=&é")))
        assert parse_qsl(request.content.decode("ascii"), keep_blank_values=True, strict_parsing=True) == [
            ("grant_type", "refresh_token"),
            ("service", service),
            ("client_id", CLIENT_ID),
            ("scope", scope),
            ("refresh_token", "a+b/c=&é"),
        ]

    def test_it_is_a_form_for_exactly_the_realm(self) -> None:
        request = post_request(REALM, "s", (), IdentityToken(secret=Secret("x")))
        assert (request.method, request.url) == ("POST", REALM)
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"

    def test_the_refresh_token_is_in_the_body_only(self) -> None:
        request = post_request(REALM, "s", (), IdentityToken(username="alice", secret=Secret(CANARY)))
        assert CANARY not in f"{request.url} {request.headers.raw}"
        assert "authorization" not in request.headers


@pytest.mark.parametrize(
    ("content", "token"),
    [
        ({"token": "abc"}, "abc"),
        ({"access_token": "abc"}, "abc"),
        ({"token": "abc", "access_token": "abc"}, "abc"),
        ({"token": "", "access_token": "abc"}, "abc"),
        ({"token": "abc", "scope": "x", "refresh_token": "y", "more": [1]}, "abc"),
        ({"token": "x" * LONGEST}, "x" * LONGEST),
    ],
    ids=["token", "access-token", "both", "empty-token", "more-keys", "longest"],
)
def test_token_and_access_token_mean_the_same(content: dict[str, object], token: str) -> None:
    assert read_token(answer(content), NOW).secret.reveal() == token


@pytest.mark.acceptance(29)
@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [(None, 60), (1, 60), (59, 60), (60, 60), (61, 61), (300, 300), (43_200, 43_200), (MOST_LIFE, MOST_LIFE)],
    ids=str,
)
def test_a_life_is_sixty_seconds_at_least(expires_in: int | None, seconds: int) -> None:
    content: dict[str, object] = {"token": "abc"}
    if expires_in is not None:
        content["expires_in"] = expires_in
    assert life(answer(content)) == seconds


@pytest.mark.acceptance(29)
@pytest.mark.parametrize(
    ("issued_at", "date", "seconds"),
    [
        ("2026-03-01T12:00:00Z", "Sun, 01 Mar 2026 12:00:00 GMT", 600),
        ("2026-03-01T12:00:00Z", "Sun, 01 Mar 2026 12:05:00 GMT", 300),
        ("2026-03-01T12:00:00.123456789Z", "Sun, 01 Mar 2026 12:05:00 GMT", 300),
        ("2026-03-01T13:00:00+01:00", "Sun, 01 Mar 2026 12:05:00 GMT", 300),
        ("2026-03-01T12:00:00Z", "Sun, 01 Mar 2026 12:05:00 -0000", 300),
        ("2020-01-01T00:00:00Z", "Wed, 01 Jan 2020 00:05:00 GMT", 300),
        ("2026-03-01T12:00:00Z", "Sun, 01 Mar 2026 13:00:00 GMT", LEAST_LIFE),
        ("2026-03-01T12:05:00Z", "Sun, 01 Mar 2026 12:00:00 GMT", 600),
        ("2026-03-01T12:00:00", "Sun, 01 Mar 2026 12:05:00 GMT", 600),
        ("2026-03-01T12:00:00Z", "", 600),
        ("2026-03-01T12:00:00Z", "yesterday", 600),
        ("2026-03-01T12:00:00Z", "Sun, 01 Mar 99999999999999999999 12:00:00 GMT", 600),
        ("2026-03-01T12:00:00Z", "Sun, 01 Mar 2026 12:00:00 +99999999999999", 600),
        ("2026-03-01T12:00:00Z", "Sun, 99 Mar 2026 99:00:00 GMT", 600),
    ],
    ids=[
        "fresh",
        "five-minutes-old",
        "nanoseconds",
        "other-zone",
        "no-zone-in-date",
        "server-clock-far-behind",
        "older-than-its-life",
        "from-the-future",
        "naive",
        "no-date",
        "no-real-date",
        "endless-year",
        "endless-zone",
        "impossible-date",
    ],
)
def test_the_age_is_told_by_the_server_s_own_clock_only(issued_at: str, date: str, seconds: float) -> None:
    content: dict[str, object] = {"token": "abc", "expires_in": 600, "issued_at": issued_at}
    assert abs(life(answer(content, date=date)) - seconds) < 1


def test_a_life_is_counted_from_our_own_clock() -> None:
    assert read_token(answer({"token": "abc"}), NOW).issued_at == NOW


HOSTILE = {
    "nothing": b"",
    "no-json": f"<html>{CANARY}</html>".encode(),
    "cut-off": f'{{"token": "{CANARY}'.encode(),
    "more-behind": f'{{"token": "{CANARY}"}} x'.encode(),
    "list": f'["{CANARY}"]'.encode(),
    "text": f'"{CANARY}"'.encode(),
    "null": b"null",
    "no-token": b"{}",
    "empty-token": b'{"token": ""}',
    "token-null": b'{"token": null}',
    "token-number": b'{"token": 1}',
    "token-list": f'{{"token": ["{CANARY}"]}}'.encode(),
    "token-crlf": f'{{"token": "{CANARY}\\r\\nX-Evil: 1"}}'.encode(),
    "token-lf": f'{{"token": "{CANARY}\\n"}}'.encode(),
    "token-nul": f'{{"token": "{CANARY}\\u0000"}}'.encode(),
    "token-space": f'{{"token": "{CANARY} x"}}'.encode(),
    "token-accent": f'{{"token": "{CANARY}é"}}'.encode(),
    "token-surrogate": f'{{"token": "{CANARY}\\ud800"}}'.encode(),
    "token-raw-lf": f'{{"token": "{CANARY}\n"}}'.encode(),
    "token-too-long": f'{{"token": "{CANARY * LONGEST}"}}'.encode(),
    "not-utf-8": b'{"token": "' + CANARY.encode() + b'\xff"}',
    "utf-16": f'{{"token": "{CANARY}"}}'.encode("utf-16"),
    "byte-order-mark": b"\xef\xbb\xbf" + f'{{"token": "{CANARY}"}}'.encode(),
    "deep": b'{"token": "x", "more": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    **{
        f"expires-{name}": f'{{"token": "{CANARY}", "expires_in": {value}}}'.encode()
        for name, value in {
            "nan": "NaN",
            "infinity": "Infinity",
            "true": "true",
            "false": "false",
            "null": "null",
            "zero": "0",
            "negative": "-1",
            "text": '"300"',
            "fraction": "300.5",
            "huge": "1e400",
            "long": str(MOST_LIFE + 1),
            "endless": "9" * 400,
            "list": "[300]",
        }.items()
    },
    **{
        f"issued-{name}": f'{{"token": "{CANARY}", "issued_at": {value}}}'.encode()
        for name, value in {"word": '"yesterday"', "number": "[]", "year-zero": '"0000-01-01T00:00:00Z"'}.items()
    },
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_malformed_answer_is_an_error_that_quotes_nothing(content: bytes) -> None:
    with pytest.raises(IntegrityError) as caught:
        read_token(answer(content), NOW)
    assert CANARY not in str(caught.value)


def as_plain_traceback(error: IntegrityError) -> str:
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def as_rich_locals(error: IntegrityError) -> str:
    frames = [
        frame.f_locals for frame, _ in traceback.walk_tb(error.__traceback__) if "grant" in frame.f_code.co_filename
    ]
    assert frames
    return pretty_repr(frames)


@pytest.mark.parametrize("show", [as_plain_traceback, as_rich_locals], ids=["traceback", "rich"])
@pytest.mark.parametrize("name", ["token-crlf", "token-space", "expires-negative", "expires-text", "cut-off"])
def test_a_traceback_with_local_variables_does_not_show_the_token(
    show: Callable[[IntegrityError], str], name: str
) -> None:
    with pytest.raises(IntegrityError) as caught:
        read_token(answer(HOSTILE[name]), NOW)
    assert CANARY not in show(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(["token", "access_token", "expires_in", "issued_at", "refresh_token"])


@given(st.binary(max_size=60) | st.dictionaries(KEYS, JSON).map(lambda found: json.dumps(found).encode()))
@example(b'{"token": "abc"}')
def test_any_answer_is_a_token_that_expires_or_an_integrity_error(content: bytes) -> None:
    try:
        token = read_token(answer(content), NOW)
    except IntegrityError:
        return
    assert token.expires_at is not None
    assert timedelta(seconds=LEAST_LIFE) <= token.expires_at - NOW <= timedelta(seconds=MOST_LIFE)
    assert all("!" <= char <= "~" for char in token.secret.reveal())


@given(st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=40))
@example("Mon, 01 Jan 0001 00:00:00 +2359")
@example("Fri, 31 Dec 9999 23:59:59 -2359")
def test_any_date_leaves_a_life_between_the_floor_and_what_was_promised(date: str) -> None:
    content = b'{"token": "abc", "expires_in": 600, "issued_at": "2026-03-01T12:00:00Z"}'
    response = httpx.Response(200, content=content, headers=[(b"date", date.encode("latin-1"))])
    assert LEAST_LIFE <= life(response) <= 600
