"""YAML of others: what it says, that nothing in it grows, and that what is wrong is told by its line."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.bundle.yaml_document import decode, is_true
from ocibroker.bundle.yaml_tree import DEEPEST, MOST_MERGED
from ocibroker.errors import ConfigurationError, IntegrityError

WHERE = "index.yaml"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 1.10", {"version": "1.10"}),
        ("version: 0x10", {"version": "0x10"}),
        ("removed: yes", {"removed": "yes"}),
        ("created: 2026-01-01", {"created": "2026-01-01"}),
        ("a:\nb: ~\nc: null\nd: 'null'\ne: ''", {"a": None, "b": None, "c": None, "d": "null", "e": ""}),
        ("- a\n- [b, {c: d}]", ["a", ["b", {"c": "d"}]]),
        ("a: &x [1]\nb: *x", {"a": ["1"], "b": ["1"]}),
        ("a: &x {b: c, d: e}\nf: {<<: *x, d: g}", {"a": {"b": "c", "d": "e"}, "f": {"d": "g", "b": "c"}}),
        ("f: {<<: [{a: b}, {a: c, d: e}]}", {"f": {"a": "b", "d": "e"}}),
        ("'<<': x", {"<<": "x"}),
        ("a: !!binary aGk=\nb: !other c", {"a": "aGk=", "b": "c"}),
        ("a: b\n---\nc: d", {"a": "b"}),
        ("--- \na: b\n...\nnot: [yaml", {"a": "b"}),
        ("", None),
        ("just text", "just text"),
        ('{"a": "\\u00e9\\n"}', {"a": "é\n"}),
        ("\ufeffa: b", {"a": "b"}),
    ],
)
def test_says_what_is_written(text: str, said: object) -> None:
    assert decode(text.encode(), WHERE) == said


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("a: b\nc: [d", 3, "is no YAML"),
        ("a: b\n\tc: d", 2, "is no YAML"),
        ("a: b: c", 1, "is no YAML"),
        ("a: 1\nb: 2\na: 3", 3, "has a key twice"),
        ("a:\n  ? [b]\n  : c", 2, "has a key that is no text"),
        ("~: a", 1, "has a key that is no text"),
        ("a: *b", 1, "refers to what is not before it"),
        ("a: &b [*b]", 1, "refers to what is not before it"),
        ("a: &b\n  c: *b", 2, "refers to what is not before it"),
        ("a: 1\n<<: b", 2, "merges what is no mapping"),
        ("<<: [{a: b}, c]", 1, "merges what is no mapping"),
    ],
)
def test_names_the_line_of_what_is_wrong(text: str, line: int, why: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        decode(text.encode(), "fleet.yaml", ConfigurationError)
    assert raised.value.culprit == "fleet.yaml"
    assert raised.value.message == f"{why} in line {line}"


@pytest.mark.parametrize("content", [b"a: \xff\xfe", b"a: \x00", b"\xff", b"a: \xed\xa0\x80", b'a: "\\ud800"'])
def test_what_is_no_text_is_refused(content: bytes) -> None:
    with pytest.raises(IntegrityError, match="is no YAML"):
        decode(content, WHERE)


def test_no_error_quotes_the_document() -> None:
    with pytest.raises(IntegrityError) as raised:
        decode(b"password: 'c0ffee\nuser: %c0ffee: `", WHERE)
    assert "c0ffee" not in str(raised.value)


class TestEvil:
    def test_a_billion_laughs_are_as_many_as_are_written(self) -> None:
        lines = ["a0: &a0 [lol]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 60)]
        said = decode("\n".join(lines).encode(), WHERE)
        assert said["a59"][0] is said["a58"]

    def test_merges_have_an_end(self) -> None:
        keys = ", ".join(f"k{n}: v" for n in range(1000))
        text = f"base: &base {{{keys}}}\n" + "\n".join(
            f"m{n}: {{<<: *base}}" for n in range(MOST_MERGED // 1000 + 1)
        )
        with pytest.raises(IntegrityError, match=f"merges more than {MOST_MERGED} keys"):
            decode(text.encode(), WHERE)

    def test_a_merge_of_the_same_again_and_again_has_an_end(self) -> None:
        keys = ", ".join(f"k{n}: v" for n in range(10_000))
        again = ", ".join(["*base"] * 100_000)
        with pytest.raises(IntegrityError, match=f"merges more than {MOST_MERGED} keys"):
            decode(f"base: &base {{{keys}}}\nall: {{<<: [{again}]}}".encode(), WHERE)

    def test_parts_have_an_end(self) -> None:
        assert len(decode(b"[" + b"[]," * 49 + b"]", WHERE, most=102)) == 49  # the document's own beginning is two
        with pytest.raises(IntegrityError, match="holds more than 102 parts in line 1"):
            decode(b"[" + b"[]," * 1000, WHERE, most=102)

    def test_merges_of_merges_have_an_end(self) -> None:
        lines = ["a0: &a0 {k: v}"] + [
            f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 60)
        ]
        assert decode("\n".join(lines).encode(), WHERE)["a59"] == {"k": "v"}

    @pytest.mark.parametrize("text", ["[" * 1_000_000, "{a: " * 1_000_000, "- " * 1_000_000, "? " * 1_000_000])
    def test_nesting_has_an_end(self, text: str) -> None:
        with pytest.raises(IntegrityError, match=rf"is more than {DEEPEST} levels deep|is no YAML"):
            decode(text.encode(), WHERE)

    def test_nesting_that_is_allowed_is_read(self) -> None:
        said = decode(("[" * DEEPEST + "]" * DEEPEST).encode(), WHERE)
        for _ in range(DEEPEST - 1):
            (said,) = said
        assert said == []


TREES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"))),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abcé<:# -", max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(TREES, st.booleans())
def test_what_a_library_writes_is_read_as_it_was(tree: object, flow: bool) -> None:  # noqa: FBT001
    written = yaml.safe_dump(tree, default_flow_style=flow, allow_unicode=True)
    assert decode(written.encode(), WHERE) == tree


@given(st.binary(max_size=200) | st.text("{}[]:,&*a<-\n #!|>'\"?%@`~", max_size=200).map(str.encode))
def test_whatever_comes_is_read_or_refused(content: bytes) -> None:
    with suppress(IntegrityError):  # and nothing else
        decode(content, WHERE)


@pytest.mark.parametrize(
    ("word", "meant"), [("true", True), ("Yes", True), ("on", True), (True, True), ("false", False), (None, False)]
)
def test_true_is_any_word_for_it(word: object, *, meant: bool) -> None:
    assert is_true(word) is meant
