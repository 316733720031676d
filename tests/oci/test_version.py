"""Semantic versions, and their order."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.oci.version import LONGEST, Version

# Facts of Masterminds/semver v3.4, version_test.go: TestStrictNewVersion and TestNewVersion.
STRICT = (
    "1.2.3",
    "1.2.3+test.01",
    "1.2.3-alpha.-1",
    "1.2.0-x.Y.0+metadata",
    "1.2.0-x.Y.0+metadata-width-hypen",
    "1.2.3-rc1-with-hypen",
    "1.2.2147483648",
    "1.2147483648.3",
    "2147483648.3.0",
    "0.0.18446744073709551615",
)
LOOSE_ONLY = {
    "v1.2.3": "1.2.3",
    "1.0": "1.0.0",
    "v1.0": "1.0.0",
    "1": "1.0.0",
    "v1": "1.0.0",
    "1.2-5": "1.2.0-5",
    "v1.2-5": "1.2.0-5",
    "1.2-beta.5": "1.2.0-beta.5",
    "v1.2-beta.5": "1.2.0-beta.5",
    "v1.2.0-x.Y.0+metadata": "1.2.0-x.Y.0+metadata",
    "v1.2.3-rc1-with-hypen": "1.2.3-rc1-with-hypen",
    "20221209-update-renovatejson-v4": "20221209.0.0-update-renovatejson-v4",
    "01.1.1": "1.1.1",
    "1.01.1": "1.1.1",
    "1.1.01": "1.1.1",
}
NEITHER = (
    "",
    "1.2.3-alpha.01",
    "1.2.beta",
    "v1.2.beta",
    "foo",
    "\n1.2",
    "1.2\n",
    "1.2.3\n",
    "\nv1.2",
    " 1.2.3",
    "1.2.3.4",
    "v1.2.3.4",
    "12.3.4.1234",
    "1.1.2+.123",
    "1.0.0-alpha_beta",
    "1.0.0-alpha..",
    "1.0.0-alpha..1",
    "9.8.7+meta+meta",
    "1.2.31----RC-SNAPSHOT.12.09.1--.12+788",
    "1.2.3-0123",
    "1.2.3-0123.0123",
    "+invalid",
    "-invalid",
    "-invalid.01",
    "alpha+beta",
    "1.2.3-alpha_beta+foo",
    "1.2.3-",
    "1.2.3+",
    "1.",
    ".1",
    "V1.2.3",
    "\u0661.\u0662.\u0663",
    "0.0.18446744073709551616",
    f"1.0.0-{'a' * LONGEST}",
)

# Semantic Versioning 2.0.0, rule 11, and TestCompare and TestGreaterThan of version_test.go.
ASCENDING = (
    ("1.0.0", "2.0.0", "2.1.0", "2.1.1"),
    ("1.0.0-alpha", "1.0.0"),
    (
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
    ),
    ("1.9.0", "1.10.0", "1.11.0"),
    ("1.0.0-beta.4", "1.0.0-beta.5", "1.0.0-beta.-2", "1.0.0-beta.-3"),
    ("4.2.0-alpha", "4.2.0-beta", "4.2.0-beta.1", "4.2.0-beta.2", "4.2.0-beta.foo", "4.2.0-beta1", "4.2.0-beta2"),
    ("7.43.0-SNAPSHOT.99", "7.43.0-SNAPSHOT.103", "7.43.0-SNAPSHOT.BAR", "7.43.0-SNAPSHOT.FOO"),
    ("1.0.0-A", "1.0.0-a"),
    ("1.0.0-9", "1.0.0-99999999999999999999", "1.0.0-100000000000000000000", "1.0.0-a"),
)

numbers = st.integers(0, 30).map(str)
identifiers = st.one_of(numbers, st.from_regex(r"[0-9]{0,2}[A-Za-z-][0-9A-Za-z-]{0,3}", fullmatch=True))


@st.composite
def versions(draw: st.DrawFn) -> str:
    text = ".".join(draw(st.tuples(numbers, numbers, numbers)))
    for sign in "-+":
        if parts := draw(st.lists(identifiers, max_size=3)):
            text += f"{sign}{'.'.join(parts)}"
    return text


def version(text: str) -> Version:
    found = Version.strict(text)
    assert found
    return found


@pytest.mark.parametrize("text", STRICT)
def test_a_version_to_the_letter_is_read_alike_both_ways(text: str) -> None:
    assert version(text) == Version.loose(text)


@pytest.mark.parametrize(("text", "meant"), LOOSE_ONLY.items())
def test_what_people_write_is_read_loosely_only(text: str, meant: str) -> None:
    assert (Version.strict(text), Version.loose(text)) == (None, version(meant))


@pytest.mark.parametrize("text", NEITHER, ids=repr)
def test_the_rest_is_no_version(text: str) -> None:
    assert (Version.strict(text), Version.loose(text)) == (None, None)


@pytest.mark.parametrize("row", ASCENDING, ids=lambda row: row[0])
def test_versions_are_in_the_order_of_rule_11(row: tuple[str, ...]) -> None:
    read = [version(text) for text in row]
    assert all(lower < higher for lower, higher in itertools.combinations(read, 2))


def test_build_metadata_plays_no_part() -> None:
    assert version("1.0.0+a") == version("1.0.0+b") == version("1.0.0")


@given(st.lists(versions(), min_size=3, max_size=3))
def test_the_order_is_total(texts: list[str]) -> None:
    one, two, three = map(version, texts)
    assert [one < two, one == two, one > two].count(True) == 1
    assert not (one <= two <= three) or one <= three


@given(versions())
def test_the_release_stands_after_its_pre_releases(text: str) -> None:
    found = version(text)
    assert found.is_prerelease == (found < Version(*found.core))


@given(st.text(max_size=40))
def test_any_text_is_a_version_or_none(text: str) -> None:
    assert Version.strict(text) is None or Version.strict(text) == Version.loose(text)
