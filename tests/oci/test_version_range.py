"""From a wanted version to a tag, as Helm does it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.errors import InvalidTarget, NotFound
from ocibroker.oci.tag import version_of
from ocibroker.oci.version import LONGEST, Version
from ocibroker.oci.version_range import VersionRange, choose, exact

# Facts of Masterminds/semver v3.4, constraints_test.go: TestConstraintCheck and TestConstraintsCheck. Each range
# with the versions that are in it, and those that are not.
RANGES: dict[str, tuple[str, str]] = {
    # one version, or what begins like it
    "=2.0.0": ("2.0.0", "1.2.3"),
    "=2.0": ("2.0.0 2.0.1", "1.2.3"),
    "= 2.0": ("2.0.0", "1.2.3"),
    "4.1": ("4.1.0", "4.2.0"),
    "2": ("2.1.1", "1 3.4.5"),
    "2.1": ("2.1.1", "2.2.1"),
    "=0": ("0.0.0 0.9.9", "1"),
    "0.0.0": ("0.0.0", "1.2.3"),
    "v1.2": ("1.2.0", "1.3.0"),
    "1.1-3": ("", "4.3.2"),
    "v2.3.5-20161202202307-sha.e8fc5e5": ("2.3.5-20161202202307-sha.e8fc5e5", "2.3.5"),
    # wildcards
    "*": ("1 4.5.6 1.2.3", "1.2.3-alpha.1"),
    "*-0": ("1.2.3-alpha.1", ""),
    "x": ("1.2.3", "1.2.3-a"),
    "X.x.*": ("1.2.3", "1.2.3-a"),
    "2.*": ("2.1.1", "1 3.4.5"),
    "2.1.*": ("2.1.1", "2.2.1"),
    "4.1.x": ("4.1.3", "4.2.0"),
    "1.x": ("1.4", "2.0.0"),
    "0.x.x": ("0.5.6", "1.2.3"),
    "0.0.x": ("0.0.9", "0.1.0 1.2.3"),
    # different
    "!=4.1.0": ("4.1.1", "4.1.0 5.1.0-alpha.1"),
    "!=4.1": ("5.1.0", "4.1.0 4.1.1 5.1.0-alpha.1"),
    "!=4.1-alpha": ("4.1.0", "4.1.0-alpha 4.1.1-alpha"),
    "!=4.x": ("5.1.0", "4.1.0"),
    "!=4.1.x": ("4.2.0", "4.1.1"),
    "!=4.2.x": ("4.1.0", "4.2.3"),
    "!=*": ("1.2.3", "0.0.0"),
    # less
    "<11": ("0.1.0", "11.1.0"),
    "<1.1": ("0.1.0", "1.1.0 1.1.1"),
    "<1.x": ("0.1.1", "1.1.1 2.0.0"),
    "<1.1.x": ("1.0.500", "1.2.1 1.1.500"),
    "<1.2.x": ("1.1.1", "1.2.0"),
    "<0": ("", "0.0.0-alpha"),
    "<0-z": ("0.0.0-alpha", ""),
    "< 40.50.10": ("40.50.9", "40.50.10"),
    "<=11": ("1.2.3 11.2.3", "12.2.3"),
    "<=1.1": ("0.1.0 1.1.0 1.1.1", "1.2.3 0.1.0-alpha"),
    "=<1.1": ("1.1.1", "1.2.3"),
    "<=1.1-a": ("0.1.0-alpha", "1.2.0-alpha"),
    "<=1.x": ("1.1.0", "2.0.0"),
    "<=2.x": ("2.9.9", "3.0.0"),
    "<=1.1.x": ("1.1.9", "1.2.500"),
    "<=4.5": ("3.4.0 3.7.0", "4.6.3"),
    # greater
    ">1.1": ("4.1.0", "1.1.0"),
    ">0": ("1", "0 0.0.1-alpha 0.0.0-alpha"),
    ">0.0": ("0.1.0", "0.0.1-alpha"),
    ">0-0": ("1.0.0-a", "0.0.1-alpha 0.0.0-alpha"),
    ">0.0-0": ("0.1.0-a", "0.0.1-alpha"),
    ">0.0.0-0": ("0.0.0-alpha 1.2.3", ""),
    ">1.2.3-alpha.1": ("1.2.3-alpha.2 1.3.3-alpha.2", "1.2.3-alpha.1"),
    ">11": ("12.0.0", "11.1.0"),
    ">11.1": ("11.2.1", "11.1.0 11.1.1"),
    ">=11": ("11.1.2", "10.9.9"),
    ">=11.1": ("11.1.2", "11.0.2"),
    ">=1.1": ("4.1.0 1.1.0", "0.0.9 4.1.0-beta"),
    "=>1.1": ("1.1.0", "0.0.9"),
    ">=0": ("0", "0.0.1-alpha 0.0.0-alpha"),
    ">=0.0": ("0.0.0", "0.0.1-alpha"),
    ">=0-0": ("0.0.1-alpha 0.0.0-alpha", ""),
    ">=0.0-0": ("0.0.1-alpha", ""),
    ">=0.0.0-0": ("0.0.0-alpha 1.2.3 3.4.5-beta.1", ""),
    # tilde
    "~*": ("2.1.1", "2.1.1-a"),
    "~0.0.0": ("1.2.3", "1.2.3-a"),
    "~1.2.3": ("1.2.4 1.2.5", "1.3.4 1.2.2 1.3.2"),
    "~>1.2.3": ("1.2.4", "1.3.4"),
    "~1.2": ("1.2.4", "1.3.4"),
    "~1.1": ("1.1.1", "1.2.3 1.1.1-alpha"),
    "~1.3": ("1.3.1", "2.4.5"),
    "~1": ("1.2.4 1.3.5 1.4", "2.3.4 2.1.1"),
    "~1.x": ("1.3.5 1.4", "2.1.1"),
    "~0.2.3": ("0.2.5", "0.3.5"),
    "~1.1-alpha": ("1.1.1-beta", "1.0.0"),
    "~1.1.1-beta": ("1.1.1", "1.1.1-alpha"),
    "~1.2.3-beta.2": ("1.2.3-beta.4 1.2.4-beta.2", "1.3.4-beta.2"),
    # caret
    "^1.2.3": ("1.8.9", "2.8.9 1.2.1"),
    "^1.1.0": ("1.1.0", "2.1.0"),
    "^1.2.0": ("1.2.0", "2.2.1 1.2.1-alpha.1"),
    "^1.2.0-alpha.0": ("1.2.1-alpha.1 1.2.1-alpha.0", "2.0.0"),
    "^1.2.0-alpha.2": ("1.2.0", "1.2.0-alpha.1"),
    "^1.2": ("1.8.9", "2.8.9"),
    "^1.1": ("1.1.1", "4.3.2"),
    "^1": ("1.8.9", "2.8.9"),
    "^1.x": ("1.1.1", "2.1.1 1.1.1-beta1"),
    "^2.x": ("2.0.0", "1.1.1"),
    "^0.2.3": ("0.2.5", "0.5.6"),
    "^0.2": ("0.2.5", "0.5.6"),
    "^0.0.3": ("0.0.3", "0.0.4"),
    "^0.0.1": ("0.0.1", "0.3.1"),
    "^0.0.0": ("0.0.0", "1.2.3"),
    "^0.0": ("0.0.3", "0.1.4 1.0.4"),
    "^0": ("0.2.3", "1.1.4"),
    "^*": ("0.0.0", "0.0.1 1.2.3"),
    "^1.1.2-alpha": ("1.2.1-beta1", "1.1.1"),
    "^1.2.x-alpha": ("1.2.0-beta", "1.1.1-beta1"),
    "^0.2.3-beta.2": ("0.2.3-beta.4 0.2.4-beta.2 0.2.3-beta.2", "0.3.4-beta.2"),
    # all of several, with commas and with spaces
    ">1.1, <2": ("1.2.1", "1.1.1"),
    ">1.1 <2": ("1.2.1", "1.1.1"),
    "> 1.1 < 2": ("1.2.1", "1.1.1"),
    ">   1.1, <2": ("1.2.1", "1.1.1"),
    ">1.1    <3": ("2.9.9", "4.3.2"),
    ">=1.1, <2, !=1.2.3": ("1.2.4", "1.2.3"),
    ">=1.1    <2    !=1.2.3": ("1.2.4", "1.2.3"),
    "12.3.34 ~1.2.3": ("", "12.3.34 1.2.3"),
    # one of several
    ">=1.1, <2, !=1.2.3 || > 3": ("4.1.2", "3.1.2 3.0.0 1.2.3"),
    ">=1.1 <2 !=1.2.3 || >= 3": ("3.0.0", "1.2.3"),
    ">= 1.1, <2, != 1.2.3 || >= 3": ("3.0.0", "1.2.3"),
    ">= 1.2.3 < 2.0 || => 3.0 < 4": ("1.2.3 3.0.0", "2.0.0 4.0.0"),
    # both ends
    "1.1 - 2": ("1.1.1 2.9.9", "1.0.9 3.0.0"),
    "1.5.0 - 4.5": ("3.7.0 4.5.9", "4.6.0"),
    "1.2 - 1.4.5": ("1.2.0 1.4.5", "1.4.6"),
    "v1 - v2": ("1.0.0", "3.0.0"),
    "1.0.0 - 2.0.0 <=2.0.0": ("1.5.0", "2.0.1"),
    "1.0.0 - 2.0.0, <=2.0.0": ("1.5.0", "2.0.1"),
    "3 - 4 || => 3.0, < 4": ("3.5.0 4.9.9", "5.0.0"),
    "5 || 1 - 2": ("5.1.0 1.5.0", "3.0.0"),
    "1||2 - 3": ("1.0.0 2.5.0", "4.0.0"),
    # a pre-release lets pre-releases in for its own alternative
    # (https://github.com/Masterminds/semver/pull/267)
    ">= 1.0.0  <= 2.0.0-beta": ("1.0.1-beta 1.0.1", "3.0.0"),
    ">= 1.0.0  <= 2.0.0-beta || > 3": ("1.0.1-beta", "3.0.1-beta"),
    ">= 1.0.0  <= 2.0.0-beta != 1.0.1 || > 3": ("1.0.1-beta", "1.0.1"),
    ">= 1.0.0  <= 2.0.0-beta != 1.0.1-beta || > 3": ("1.0.1", "1.0.1-beta"),
    ">= 1.0.0-0  <= 2.0.0": ("1.0.1-beta", "2.0.1"),
}
IN = [(text, version) for text, (inside, _) in RANGES.items() for version in inside.split()]
OUT = [(text, version) for text, (_, outside) in RANGES.items() for version in outside.split()]

# The same file: TestNewConstraint and TestParseConstraint; and what its expressions imply.
MALFORMED = (
    "foo",
    ">= bar",
    "BAR >= 1.2.3",
    "12.3.4.1234",
    "12.23.4.1234",
    "12.3.34.1234",
    "12.3.34~ 1.2.3",
    " ",
    "||",
    "1 ||",
    "|| 1",
    "1,",
    ",1",
    "1,,2",
    "1, || 2",
    ">",
    "> =1",
    ">>1",
    "= =1",
    "!1",
    "==1",
    "===1",
    ">1<2",
    ">1 - 2",
    "1 - 2 - 3",
    "5 1 - 2",
    "1.2.3 -",
    "- 1.2.3",
    "V1.2",
    "1.2.3-01",
    "1.2.3-a..b",
    "1.2.3+",
    "1.2_3",
    "1|2",
    "xx",
    "1.xx",
    "1x",
    "18446744073709551616",
    "latest",
    "^",
    "1.0.0\x00",
    "\uff11.0.0",
    "1\u00a0|| 2",
    "1 ; 2",
    "@1.0.0",
    "1" * (LONGEST + 1),
    "1 || " * 60 + "1",
)

TAGS = (
    "0.9.0",
    "1.0.0",
    "1.0.1",
    "1.2.0",
    "1.2.0-rc.1",
    "1.2.0_build.5",
    "2.0.0",
    "2.1.0-alpha.1",
    "latest",
    "v3.0.0",
)


def version(text: str) -> Version:
    found = Version.loose(text)
    assert found
    return found


@pytest.mark.parametrize(("text", "inside"), IN)
def test_a_range_includes(text: str, inside: str) -> None:
    assert VersionRange.parse(text).includes(version(inside))


@pytest.mark.parametrize(("text", "outside"), OUT)
def test_a_range_excludes(text: str, outside: str) -> None:
    assert not VersionRange.parse(text).includes(version(outside))


@pytest.mark.parametrize("text", MALFORMED, ids=ascii)
def test_a_malformed_range_is_refused_with_examples(text: str) -> None:
    with pytest.raises(InvalidTarget, match="neither a version nor a range") as caught:
        choose(text, TAGS)
    assert "^1.2" in caught.value.hint


@pytest.mark.parametrize(
    ("wanted", "tag"),
    [
        ("1.2.3", "1.2.3"),
        ("v1.2.3", "v1.2.3"),
        ("1", "1"),
        ("1.2", "1.2"),
        ("01.2", "01.2"),
        ("1.2.3-rc.1", "1.2.3-rc.1"),
        ("1.2.3+build.5", "1.2.3_build.5"),
        ("", None),
        ("*", None),
        ("1.x", None),
        ("=1.2.3", None),
        ("^1.2.3", None),
        ("1.2.3.4", None),
        ("1.2.3_build.5", None),
        ("latest", None),
        ("1.2.3 ", None),
    ],
)
def test_one_version_is_its_own_tag(wanted: str, tag: str | None) -> None:
    assert exact(wanted) == tag


@pytest.mark.parametrize(
    ("wanted", "devel", "tag"),
    [
        ("", False, "2.0.0"),
        ("", True, "2.1.0-alpha.1"),
        ("*", True, "2.0.0"),
        ("*-0", False, "2.1.0-alpha.1"),
        ("^1", False, "1.2.0"),
        ("~1.0", False, "1.0.1"),
        ("<1.2.0-0", False, "1.0.1"),
        (">=1.0.0-0 <1.2.0", False, "1.2.0-rc.1"),
        ("<1", False, "0.9.0"),
    ],
)
def test_the_highest_version_in_the_range_is_chosen(wanted: str, tag: str, *, devel: bool) -> None:
    assert choose(wanted, TAGS, devel=devel) == tag
    assert choose(wanted, iter(TAGS), devel=devel) == tag


@pytest.mark.parametrize(
    ("wanted", "tag"),
    [("1.2.0", "1.2.0"), ("1.2.0+build.5", "1.2.0_build.5"), ("1.2.0-rc.1", "1.2.0-rc.1"), ("v1.0.0", "1.0.0")],
)
def test_a_version_that_is_there_wins_over_its_equals(wanted: str, tag: str) -> None:
    assert choose(wanted, TAGS) == choose(wanted, reversed(TAGS)) == tag


@pytest.mark.parametrize("tags", [("1.0.0_b", "1.0.0_a"), ("1.0.0_a", "1.0.0_b"), ("1.0.0", "1.0.0_a")])
def test_of_versions_that_differ_in_build_metadata_the_first_listed_is_chosen(tags: tuple[str, ...]) -> None:
    assert choose("*", ("0.1.0", *tags, "0.2.0")) == tags[0]


@pytest.mark.parametrize("tag", ["v1.0.0", "1.0", "01.0.0", "1.0.0+a", "latest", f"1.0.0-{'a' * 123}", "1.0.0_a_b"])
def test_a_tag_that_is_no_version_to_the_letter_is_never_chosen(tag: str) -> None:
    assert choose("*-0", ("0.1.0", tag)) == "0.1.0"


def test_a_miss_names_the_newest_versions() -> None:
    with pytest.raises(NotFound, match="no version fits") as caught:
        choose("^9", (*TAGS, "3.0.0_a"))
    assert "'^9'" in caught.value.culprit
    assert caught.value.hint == "choose from 3.0.0+a, 2.1.0-alpha.1, 2.0.0, 1.2.0, 1.2.0+build.5 …"


@pytest.mark.parametrize("tags", [(), ("latest", "main")])
def test_a_repository_without_versions_is_told_apart(tags: tuple[str, ...]) -> None:
    with pytest.raises(NotFound, match="no tag is a version"):
        choose("", tags)


@given(st.text(st.sampled_from("0123456789.xX*v<>=!~^|, -+ab"), max_size=30))
def test_any_text_is_a_range_or_refused_as_none(text: str) -> None:
    try:
        chosen = choose(text, TAGS)
    except (InvalidTarget, NotFound):
        return
    assert chosen in TAGS


numbers = st.integers(0, 4)
bounds = st.tuples(numbers, numbers, numbers)
tags_of = st.tuples(numbers, numbers, numbers, st.sampled_from(["", "-a", "-b.1", "_m"]))


@given(low=bounds, high=bounds, stocked=st.lists(tags_of, max_size=20))
def test_the_chosen_one_is_the_highest_release_between_two_bounds(
    low: tuple[int, int, int], high: tuple[int, int, int], stocked: list[tuple[int, int, int, str]]
) -> None:
    tags = [f"{major}.{minor}.{patch}{rest}" for major, minor, patch, rest in stocked]
    wanted = f">={'.'.join(map(str, low))}, <{'.'.join(map(str, high))}"
    between = [core for *core, rest in stocked if not rest.startswith("-") and [*low] <= core < [*high]]
    if between:
        found = version_of(choose(wanted, tags))
        assert found
        assert [*found.core] == max(between)
    else:
        with pytest.raises(NotFound):
            choose(wanted, tags)
