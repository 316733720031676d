"""What a token is for, split off from both ends."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.auth import Scope, merge, parse_scopes
from ocibroker.errors import IntegrityError

WORDS = st.text("abc/-", min_size=1, max_size=5)
SCOPES = st.builds(
    Scope,
    WORDS,
    WORDS | st.just("h:5000/b"),
    st.lists(WORDS, max_size=3).map(lambda found: tuple(sorted(set(found)))),
)


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("repository:a/b:pull", Scope("repository", "a/b", ("pull",))),
        ("repository:a/b:push,pull,pull", Scope("repository", "a/b", ("pull", "push"))),
        ("repository:h.example:5000/b:pull", Scope("repository", "h.example:5000/b", ("pull",))),
        ("repository(plugin):a:pull", Scope("repository(plugin)", "a", ("pull",))),
        ("registry:catalog:*", Scope("registry", "catalog", ("*",))),
        ("repository:a:", Scope("repository", "a", ())),
        ("repository:a:,pull,", Scope("repository", "a", ("pull",))),
    ],
)
def test_a_scope_is_read(text: str, scope: Scope) -> None:
    assert Scope.parse(text) == scope


@pytest.mark.parametrize(
    "text", ["", ":", "::", "repository", "repository:a", "repository::pull", ":a:pull", "a:b"]
)
def test_what_is_no_scope_is_an_error(text: str) -> None:
    with pytest.raises(IntegrityError, match="scope"):
        Scope.parse(text)


@given(SCOPES)
def test_a_scope_reads_what_it_writes(scope: Scope) -> None:
    assert Scope.parse(str(scope)) == scope


@given(st.text(max_size=30) | st.text("ab:, ", max_size=20))
def test_any_text_is_scopes_or_an_integrity_error(text: str) -> None:
    with contextlib.suppress(IntegrityError):
        assert all(scope.kind and scope.name for scope in parse_scopes(text))


@pytest.mark.parametrize(
    ("text", "names"),
    [("", []), ("  ", []), ("a:b:c", ["b"]), (" a:b:c  a:d:c ", ["b", "d"])],
    ids=["nothing", "blanks", "one", "two"],
)
def test_a_list_is_separated_by_spaces(text: str, names: list[str]) -> None:
    assert [scope.name for scope in parse_scopes(text)] == names


@pytest.mark.parametrize(
    ("texts", "merged"),
    [
        ([], []),
        (["repository:a:pull"], ["repository:a:pull"]),
        (["repository:a:push", "repository:a:pull"], ["repository:a:pull,push"]),
        (["repository:b:pull", "repository:a:pull"], ["repository:a:pull", "repository:b:pull"]),
        (["repository:a:pull", "registry:a:pull"], ["registry:a:pull", "repository:a:pull"]),
    ],
    ids=["none", "one", "same-name", "two-names", "two-types"],
)
def test_scopes_of_one_name_are_merged_in_a_fixed_order(texts: list[str], merged: list[str]) -> None:
    assert [str(scope) for scope in merge(map(Scope.parse, texts))] == merged


@given(st.lists(SCOPES))
def test_merging_keeps_every_action_and_no_other(scopes: list[Scope]) -> None:
    def granted(found: list[Scope]) -> set[tuple[str, str, str]]:
        return {(scope.kind, scope.name, action) for scope in found for action in scope.actions}

    assert granted(list(merge(scopes))) == granted(scopes)
