"""What a service answers is taken literally, and never shown."""

import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.json_answer import JsonAnswer


class Token(JsonAnswer):
    token: str
    expires_in: int = 60


def test_the_fields_that_matter_are_read_and_others_ignored() -> None:
    found = Token.read(b'{"token": "t", "expires_in": 3600, "scope": "x"}')
    assert found is not None
    assert (found.token, found.expires_in) == ("t", 3600)


@pytest.mark.fault(7, 8)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'"token"',
        b'{"token": 1}',
        b'{"token": "t", "expires_in": "60"}',
        b'{"token": "t", "expires_in": true}',
        b'{"token": "t", "expires_in": NaN}',
        b'{"token": "t", "expires_in": Infinity}',
        b'{"token": "t", "expires_in": 1.5}',
        b'{"token": "\xff"}',
        b'{"token": "t"} trailing',
        b'{"token": ' + b"[" * 100_000,
    ],
)
def test_anything_else_is_no_answer(body: bytes) -> None:
    assert Token.read(body) is None


@given(st.binary())
def test_no_body_raises(body: bytes) -> None:
    assert Token.read(body) is None or body


def test_a_traceback_with_local_variables_does_not_show_it() -> None:
    def fail() -> None:
        found = Token.read(b'{"token": "c4n4ry"}')
        raise ValueError(found is None)

    with pytest.raises(ValueError, match="False") as caught:
        fail()
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert "c4n4ry" not in "".join(shown.format())
    assert Token.__rich_repr__(Token("c4n4ry")) == []
