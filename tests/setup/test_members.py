"""A JSON document is edited in one object; every other byte stays."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.errors import InvalidValue
from ocibroker.setup.members import hidden, members_of, put_members, take_members

NAME = "credHelpers"

hosts = st.dictionaries(
    st.sampled_from(["a.test", "b.test:5000", "c\u00e9", 'q"\\', ""]), st.sampled_from(["ours", "x"])
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
layouts = st.sampled_from([None, 0, 1, 4, "\t", " \r"])


@st.composite
def documents(draw: st.DrawFn) -> str:
    members = draw(st.dictionaries(st.text(max_size=4), values, max_size=4))
    if draw(st.booleans()):
        members[NAME] = draw(hosts)
    members = {key: members[key] for key in draw(st.permutations(list(members)))}
    text = json.dumps(members, indent=draw(layouts), ensure_ascii=draw(st.booleans()))
    return draw(st.sampled_from(["", " ", "\n\t"])) + text + draw(st.sampled_from(["", "\n", "\r\n "]))


@given(documents(), hosts)
def test_it_says_what_was_put_and_all_else_as_before(text: str, put: dict[str, str]) -> None:
    before, after = json.loads(text), json.loads(put_members(text, NAME, put))
    assert after == before | ({NAME: before.get(NAME, {}) | put} if put else {})
    assert [key for key in after if key in before] == [*before]


@given(documents(), hosts)
def test_what_was_put_can_be_taken_again(text: str, put: dict[str, str]) -> None:
    before = members_of(text, NAME)
    written = put_members(text, NAME, put)
    new = {key: value for key, value in put.items() if (before or {}).get(key) != value}
    assert json.loads(take_members(written, NAME, new, before)) == json.loads(text)


@given(documents(), hosts)
def test_twice_is_once(text: str, put: dict[str, str]) -> None:
    once = put_members(text, NAME, put)
    assert put_members(once, NAME, put) == once


@given(st.dictionaries(st.text(max_size=4), values, max_size=4), layouts)
def test_what_is_hidden_is_hidden(document: dict[str, object], indent: int | str | None) -> None:
    secret = "S3cr3t"
    text = json.dumps(
        {"a": document, "b": [secret, {"c": secret}], "d": secret, NAME: {"h": "ours"}}, indent=indent
    )
    shown = hidden(text, NAME)
    assert secret not in shown
    assert '"ours"' in shown
    assert len(shown.splitlines()) == len(text.splitlines())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '{\n\t"credHelpers": {\n\t\t"h": "v"\n\t}\n}\n'),
        ("{}", '{\n\t"credHelpers": {\n\t\t"h": "v"\n\t}\n}'),
        ('{"a":1}', '{"a":1,"credHelpers": {\n\t"h": "v"\n}}'),
        ('{\n  "a": 1\n}\n', '{\n  "a": 1,\n  "credHelpers": {\n    "h": "v"\n  }\n}\n'),
        ('{"credHelpers":{"x":"y"}}', '{"credHelpers":{"x":"y","h": "v"}}'),
        ('{"credHelpers":{"h":"y"},"credHelpers":{"h":"z"}}', '{"credHelpers":{"h":"y"},"credHelpers":{"h":"v"}}'),
    ],
)
def test_the_layout_is_that_of_the_file(before: str, after: str) -> None:
    assert put_members(before, NAME, {"h": "v"}) == after


@pytest.mark.parametrize("text", ["{", "[]", "7", '{"credHelpers": []}', '{"credHelpers": null}', "[" * 100_000])
def test_what_is_something_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        put_members(text, NAME, {"h": "v"})
