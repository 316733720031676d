"""Our values are taken out of a TOML document, and nothing else."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.errors import ConfigurationError
from ocibroker.setup.revert import reverted
from ocibroker.setup.toml_tables import read_toml

names = st.sampled_from(["a", "b", "registry.test:5000", "c d"])
plain = (
    st.integers(0, 9)
    | st.booleans()
    | st.text('xy#"', max_size=3)
    | st.lists(st.text("xy", max_size=2), max_size=2)
)
tables = st.dictionaries(names, plain | st.dictionaries(names, plain, max_size=3), max_size=3)


def merged(one: Mapping[str, object], other: Mapping[str, object]) -> dict[str, object]:
    """Put ``other`` on top; where one of two is no table, the former stays."""
    made = dict(one)
    for key, value in other.items():
        if key not in made:
            made[key] = value
        elif isinstance(made[key], dict) and isinstance(value, dict):
            made[key] = {**value, **made[key]}  # type: ignore[dict-item]  # it is a dictionary
    return made


@given(tables, tables, tables)
def test_what_is_left_is_the_original_and_what_others_have_added(
    original: dict[str, object], ours: dict[str, object], theirs: dict[str, object]
) -> None:
    written = merged(original, ours)
    added = {key: value for key, value in theirs.items() if key not in written}
    current = tomlkit.dumps({**written, **added})
    left = reverted(current.encode(), tomlkit.dumps(original).encode(), tomlkit.dumps(written).encode(), "toml")
    assert left is not None
    assert tomllib.loads(left.decode()) == {**original, **added}


@pytest.mark.parametrize("content", [b"= [", b"\xff", b"a = 1\na = 2\n"])
def test_what_is_no_toml_is_refused(content: bytes) -> None:
    with pytest.raises(ConfigurationError, match=r"/x: is not TOML"):
        read_toml(Path("/x"), content)
    assert reverted(content, None, b"a = 1\n", "toml") is None
