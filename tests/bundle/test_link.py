"""Links, and where what a document names leads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.bundle import Link
from ocibroker.errors import InvalidTarget
from ocibroker.origin import Origin

BASE = Link.parse("https://charts.test/stable/index.yaml?token=c0ffee")

JOINED = {
    "app-1.0.0.tgz": "https://charts.test/stable/app-1.0.0.tgz",
    "charts/app-1.0.0+build.tgz": "https://charts.test/stable/charts/app-1.0.0+build.tgz",
    "/app.tgz": "https://charts.test/app.tgz",
    "../app.tgz": "https://charts.test/app.tgz",
    "../../../app.tgz": "https://charts.test/app.tgz",
    "//other.test/app.tgz": "https://other.test/app.tgz",
    "https://other.test/app.tgz?sig=x": "https://other.test/app.tgz?sig=x",
    "http://charts.test/app.tgz": "http://charts.test/app.tgz",
    "?page=2": "https://charts.test/stable/index.yaml?page=2",
    "app.tgz#top": "https://charts.test/stable/app.tgz",
    "app-1.0.0%2bbuild.tgz": "https://charts.test/stable/app-1.0.0%2bbuild.tgz",
}


@pytest.mark.parametrize(("reference", "url"), JOINED.items(), ids=JOINED)
def test_a_reference_leads_where_a_browser_would_go(reference: str, url: str) -> None:
    assert BASE.join(reference).url == url


@pytest.mark.parametrize(
    "reference",
    ["ftp://x.test/x", "javascript:x", "https://a:wonder@x.test/x", "https://[", "a b", "a\\b", "a\nb", "%2e%2e/x"],
)
def test_a_reference_that_leads_nowhere_is_refused(reference: str) -> None:
    with pytest.raises(InvalidTarget) as raised:
        BASE.join(reference)
    assert "wonder" not in str(raised.value)
    assert "c0ffee" not in str(raised.value)


@given(st.text("abc/:?#@.\\%[]htps ", max_size=30))
def test_a_link_goes_where_its_target_says(text: str) -> None:
    try:
        link = Link.parse(f"https://charts.test/{text}")
        joined = link.join(text)
    except InvalidTarget:
        return
    for one in (link, joined):
        assert one.target.origin == Origin.parse(one.url)


@pytest.mark.parametrize("place", ["https://charts.test/a?b", "https://charts.test/a#b"])
def test_a_place_has_no_query(place: str) -> None:
    with pytest.raises(InvalidTarget, match="is no URL up to its query"):
        Link(place)


def test_one_that_is_too_long_is_refused() -> None:
    with pytest.raises(InvalidTarget, match="is no URL"):
        Link.parse(f"https://charts.test/{'a' * 9000}")


def test_its_file_is_named_by_the_last_segment() -> None:
    names = {"": "", "/": "", "/a": "a", "/a/b.tgz?c/d": "b.tgz", "/a%20b/c%2B%20d.tgz": "c+ d.tgz"}
    assert {path: Link.parse(f"https://h.test{path}").filename for path in names} == names
