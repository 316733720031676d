"""``WWW-Authenticate``: read as RFC 9110 says, or refused; never half understood."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ocibroker.auth import parse_challenges
from ocibroker.auth.challenge import LONGEST
from ocibroker.errors import IntegrityError

TOKEN_CHARS = "!#$%&'*+-.^_`|~0123456789abcXYZ"
TOKENS = st.text(TOKEN_CHARS, min_size=1, max_size=8)
VALUES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E) | st.just("\t"), max_size=12)
PARAMETERS = st.dictionaries(TOKENS.map(str.lower), VALUES, max_size=4)
CHALLENGES = st.lists(st.tuples(TOKENS, PARAMETERS), min_size=1, max_size=4)

Plain = list[tuple[str, dict[str, str]]]


def read(*fields: str) -> Plain:
    return [(challenge.scheme, dict(challenge.parameters)) for challenge in parse_challenges(fields)]


def quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


@pytest.mark.parametrize(
    ("fields", "challenges"),
    [
        ([], []),
        ([""], []),
        ([" , ,\t,"], []),
        (["Basic"], [("basic", {})]),
        (['Basic realm="x"'], [("basic", {"realm": "x"})]),
        (["BASIC REALM=x"], [("basic", {"realm": "x"})]),
        (["Basic realm=x"], [("basic", {"realm": "x"})]),
        (['Basic  realm = "x"'], [("basic", {"realm": "x"})]),
        (['Basic realm=""'], [("basic", {"realm": ""})]),
        (['Basic realm="a, b=c"'], [("basic", {"realm": "a, b=c"})]),
        ([r'Basic realm="a\"b\\c\d"'], [("basic", {"realm": 'a"b\\cd'})]),
        (['Basic realm="\xe9"'], [("basic", {"realm": "\xe9"})]),
        (
            ['Bearer realm="https://a.example/token",service="a.example",scope="repository:b:pull,push"'],
            [
                (
                    "bearer",
                    {
                        "realm": "https://a.example/token",
                        "service": "a.example",
                        "scope": "repository:b:pull,push",
                    },
                )
            ],
        ),
        (["Bearer realm=https://a.example/token"], [("bearer", {"realm": "https://a.example/token"})]),
        (["Bearer realm=x , ,, service=y,"], [("bearer", {"realm": "x", "service": "y"})]),
        (["Bearer ,realm=x"], [("bearer", {"realm": "x"})]),
        ([",Bearer realm=x"], [("bearer", {"realm": "x"})]),
        (["Basic realm=x, Bearer realm=y"], [("basic", {"realm": "x"}), ("bearer", {"realm": "y"})]),
        (["Basic, Bearer realm=y"], [("basic", {}), ("bearer", {"realm": "y"})]),
        (
            ['Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple"'],
            [
                ("newauth", {"realm": "apps", "type": "1", "title": 'Login to "apps"'}),
                ("basic", {"realm": "simple"}),
            ],
        ),
        (["Negotiate"], [("negotiate", {})]),
        (["Negotiate oYG2MIGzoAMKAQCh=="], [("negotiate", {})]),
        (["Basic Bearer"], [("basic", {})]),
        (["Negotiate abc=, Basic realm=x"], [("negotiate", {}), ("basic", {"realm": "x"})]),
        (["Negotiate a/+-._~b , Basic"], [("negotiate", {}), ("basic", {})]),
        (["Basic realm=x", "Bearer realm=y"], [("basic", {"realm": "x"}), ("bearer", {"realm": "y"})]),
        (["Basic realm=x", "Basic realm=x"], [("basic", {"realm": "x"}), ("basic", {"realm": "x"})]),
        (
            ['Bearer error="insufficient_scope", realm=x'],
            [("bearer", {"error": "insufficient_scope", "realm": "x"})],
        ),
    ],
)
def test_a_field_is_read(fields: list[str], challenges: Plain) -> None:
    assert read(*fields) == challenges


@pytest.mark.parametrize(
    "field",
    [
        'Bearer realm="x", realm="y"',
        'Bearer realm="x", REALM="y"',
        'Bearer realm="x',
        'Bearer realm="x\\',
        'Bearer realm="x\\"',
        'Bearer realm="x" service="y"',
        "Bearer realm=x service=y",
        'Bearer realm="x"Basic',
        "Basic Bearer realm=x",
        "Basic a b",
        "Negotiate abc== def",
        'Bearer realm=x"y"',
        'Bearer realm=, service="y"',
        "Bearer realm=a=b",
        "Bearer =x",
        "=x",
        '"x"',
        "realm=x",
        'realm="x", Bearer',
        "Bearer: realm=x",
        "(Bearer) realm=x",
        "Bearer realm=x;service=y, (",
        "Bérear realm=x",
        "Basic\n",
        "Basic\r\nX: y",
        "Negotiate abc\n",
        'Bearer realm="a\nb"',
        'Bearer realm="a\\\nb"',
        'Bearer realm="a\x00b"',
        'Bearer realm="\u0141"',
        "\x00",
        "Bearer " + "a" * LONGEST,
        'Bearer realm="' + "a" * 10_240 + '"',
    ],
    ids=lambda field: ascii(field[:30]),
)
def test_a_malformed_field_is_an_error(field: str) -> None:
    with pytest.raises(IntegrityError) as caught:
        parse_challenges([field])
    assert caught.value.culprit == "WWW-Authenticate"


def test_one_malformed_field_spoils_its_neighbours() -> None:
    with pytest.raises(IntegrityError):
        parse_challenges(["Basic realm=x", "="])


def test_an_error_quotes_nothing_of_the_field() -> None:
    with pytest.raises(IntegrityError) as caught:
        parse_challenges(['Bearer realm="c4n4ry'])
    assert "c4n4ry" not in str(caught.value)


def test_the_longest_field_is_read() -> None:
    field = f'Bearer realm="{"a" * (LONGEST - 15)}"'
    assert len(field) == LONGEST
    assert len(read(field)[0][1]["realm"]) == LONGEST - 15


@given(st.lists(st.text(max_size=60) | st.text(alphabet='ab=",\\ \t\n\r-', max_size=30), max_size=3))
@example(['Basic realm="', '"'])
def test_any_text_is_a_tuple_of_challenges_or_an_integrity_error(fields: list[str]) -> None:
    try:
        found = parse_challenges(fields)
    except IntegrityError:
        return
    assert all(one.scheme == one.scheme.lower() for one in found)


@given(st.binary(max_size=80))
def test_any_bytes_are_a_tuple_of_challenges_or_an_integrity_error(field: bytes) -> None:
    with contextlib.suppress(IntegrityError):
        assert isinstance(parse_challenges([field.decode("latin-1")]), tuple)


@given(CHALLENGES, st.sampled_from([", ", ",", " , ,\t,"]))
def test_what_is_written_as_the_rfc_says_is_read_back(written: Plain, comma: str) -> None:
    field = comma.join(
        f"{scheme} {comma.join(f'{name}={quoted(value)}' for name, value in parameters.items())}".rstrip()
        for scheme, parameters in written
    )
    assert read(field) == [(scheme.lower(), parameters) for scheme, parameters in written]


@given(CHALLENGES)
def test_several_fields_mean_the_same_as_one(written: Plain) -> None:
    fields = [
        f"{scheme} " + ",".join(f"{name}={quoted(value)}" for name, value in parameters.items())
        for scheme, parameters in written
    ]
    assert read(*fields) == read(", ".join(fields))


@pytest.mark.parametrize(
    "unit",
    ["a", "a ", "a,", "a=", "a=a", "a=a,", '"', '\\"', 'a="', 'a="\\', " ", "\t ", ",", " ,", "=", "= ", "a= ",
     "a =", "a a=", "a b=c,", "a b=c, ", "Basic a=, "],
    ids=repr,
)  # fmt: skip
@pytest.mark.parametrize("tail", ["", '"', "=", "\x00", " x", "x"], ids=repr)
@pytest.mark.parametrize("head", ["", "Basic ", 'Basic a="', "Basic a"], ids=repr)
def test_no_field_takes_long(head: str, unit: str, tail: str) -> None:
    field = head + (unit * LONGEST)[: LONGEST - len(head) - len(tail)] + tail
    start = time.process_time()
    with contextlib.suppress(IntegrityError):
        parse_challenges([field])
    assert time.process_time() - start < 0.5
