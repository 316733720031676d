"""A secret never shows itself, whatever is done to it."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import string
import traceback
from collections.abc import Callable
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.errors import InvalidValue
from ocibroker.secret import LONGEST, Secret, has_control, has_lone_surrogate

CANARY = "c4n4ry-hunter2"
CONTROLS = [*range(0x20), *range(0x7F, 0xA0)]


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        ascii,
        "{}".format,
        "{!r:>40}".format,
        "{:<30}".format,
        lambda secret: f"{secret}",
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031  # the old way must not show it either
        lambda secret: string.Template("$it").substitute(it=secret),
        lambda secret: str([secret]),
        lambda secret: str({"key": secret}),
        lambda secret: "".join(traceback.format_exception_only(ValueError(secret))),
    ],
    ids=[
        "repr",
        "str",
        "ascii",
        "format",
        "repr-padded",
        "padded",
        "f-string",
        "percent",
        "template",
        "list",
        "dict",
        "error",
    ],
)
def test_no_way_of_showing_it_shows_the_value(show: Callable[[Secret], str]) -> None:
    assert CANARY not in show(Secret(CANARY))


def test_a_log_line_does_not_show_the_value() -> None:
    stream = StringIO()
    logger = logging.Logger("test")
    logger.addHandler(logging.StreamHandler(stream))
    logger.warning("got %s and %r", Secret(CANARY), [Secret(CANARY)])
    assert CANARY not in stream.getvalue()


@pytest.mark.parametrize(
    "carry_off",
    [
        *(lambda secret, protocol=protocol: pickle.dumps(secret, protocol) for protocol in range(6)),
        copy.copy,
        copy.deepcopy,
        json.dumps,
        lambda secret: vars(secret),
        lambda secret: {secret: 1},
        lambda secret: bytes(secret),
        lambda secret: secret + "",
        lambda secret: list(secret),
    ],
    ids=[*(f"pickle-{n}" for n in range(6)), "copy", "deepcopy", "json", "vars", "hash", "bytes", "add", "iterate"],
)
def test_it_cannot_be_carried_off_by_accident(carry_off: Callable[[Secret], object]) -> None:
    with pytest.raises(TypeError) as caught:
        carry_off(Secret(CANARY))
    assert CANARY not in str(caught.value)


@given(st.text(min_size=1).filter(lambda text: not has_control(text) and not has_lone_surrogate(text)))
def test_reveal_returns_exactly_what_was_given(text: str) -> None:
    assert Secret(text).reveal() == text


@given(st.text())
def test_any_text_is_kept_whole_or_refused(text: str) -> None:
    try:
        kept = Secret(text)
    except InvalidValue:
        assert not text or has_control(text) or has_lone_surrogate(text)
    else:
        assert kept.reveal() == text


@pytest.mark.fault(9)
@pytest.mark.parametrize("where", ["{}x", "x{}y", "x{}"], ids=["first", "between", "last"])
@pytest.mark.parametrize("code", CONTROLS, ids=hex)
def test_every_control_character_is_refused_wherever_it_stands(code: int, where: str) -> None:
    with pytest.raises(InvalidValue, match="control character"):
        Secret(where.format(chr(code)))


@pytest.mark.fault(9)
@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("", "empty"),
        ("x" * (LONGEST + 1), "longer than"),
        ("x\ud800", "not valid Unicode"),
        (b"bytes", "not text"),
        (None, "not text"),
        (7, "not text"),
    ],
    ids=["empty", "too-long", "surrogate", "bytes", "none", "number"],
)
def test_what_is_malformed_is_refused_at_birth(value: str, why: str) -> None:
    with pytest.raises(InvalidValue, match=why):
        Secret(value)


def test_the_longest_secret_is_accepted() -> None:
    assert len(Secret("x" * LONGEST).reveal()) == LONGEST


@pytest.mark.parametrize(
    "make",
    [
        lambda: Secret(f"{CANARY}\n"),
        lambda: Secret(f"{CANARY}\ud800"),
        lambda: Secret(CANARY * LONGEST),
        lambda: Secret(CANARY.encode()),  # type: ignore[arg-type]
    ],
    ids=["control", "surrogate", "too-long", "bytes"],
)
def test_a_traceback_with_local_variables_does_not_show_a_refused_value(make: Callable[[], Secret]) -> None:
    with pytest.raises(InvalidValue) as caught:
        make()
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    # The lambda's own source line is shown, and says CANARY; the value must not be.
    assert CANARY not in shown


@pytest.mark.parametrize(
    ("other", "equal"),
    [(Secret("é"), True), (Secret("e"), False), ("é", False), (None, False)],
    ids=["same", "other", "text", "none"],
)
def test_it_is_equal_only_to_a_secret_of_the_same_value(other: object, *, equal: bool) -> None:
    assert (Secret("é") == other) is equal


@given(st.text())
def test_a_text_without_a_lone_surrogate_can_be_encoded(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        assert has_lone_surrogate(text)
    else:
        assert not has_lone_surrogate(text)
