"""Which version of a chart an index gives, and which indexes are none."""

from __future__ import annotations

import json

import pytest

from ocibroker.bundle.repository_index import MOST_URLS, Index
from ocibroker.errors import IntegrityError, InvalidTarget, NotFound
from tests.bundle.helm_site import entry, index

WHERE = "https://charts.test/index.yaml"
SHA = "0" * 63 + "a"


def one(*entries: dict[str, object]) -> Index:
    return Index.decode(index(*entries), WHERE)


def listing(*versions: str) -> Index:
    return one(*(entry(version, f"app-{version}.tgz") for version in versions))


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ("", "2.0.0"),
        ("1.0.0", "1.0.0"),
        ("^1", "1.10.0"),
        ("~1.2", "1.2.0"),
        (">=1 <1.3", "1.2.0"),
        ("3.0.0-rc.1", "3.0.0-rc.1"),
        (">=3-0", "3.0.0-rc.1"),
        ("v1.3", "v1.3"),
        ("1.3.0", "v1.3"),
    ],
)
def test_a_range_is_its_highest_version(wanted: str, chosen: str) -> None:
    shelf = listing("1.0.0", "1.10.0", "2.0.0", "1.2.0", "3.0.0-rc.1", "v1.3", "not-a-version")
    release = shelf.find("app", wanted)
    assert (release.version, release.urls) == (chosen, (f"app-{chosen}.tgz",))


def test_pre_releases_are_for_who_asks_for_them() -> None:
    shelf = listing("1.0.0", "2.0.0-rc.1")
    assert shelf.find("app", "").version == "1.0.0"
    assert shelf.find("app", "", devel=True).version == "2.0.0-rc.1"
    assert shelf.find("app", "*", devel=True).version == "1.0.0"


def test_versions_that_differ_by_their_build_are_told_apart_by_name() -> None:
    shelf = listing("1.0.0+b", "1.0.0", "1.0.0+a")
    assert [shelf.find("app", wanted).version for wanted in ("1.0.0+a", "1.0.0", "^1")] == [
        "1.0.0+a", "1.0.0", "1.0.0+b",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("digest", "known"),
    [
        (SHA, f"sha256:{SHA}"),
        (SHA.upper(), f"sha256:{SHA}"),
        (f"sha256:{SHA}", f"sha256:{SHA}"),
        (f"sha512:{SHA * 2}", f"sha512:{SHA * 2}"),
        ("", "None"),
        (None, "None"),
    ],
)
def test_a_digest_may_name_its_algorithm(digest: str | None, known: str) -> None:
    assert str(one(entry("1.0.0", "app.tgz", digest=digest)).find("app", "").digest) == known


@pytest.mark.parametrize(
    "bad",
    [
        entry("1.0.0", "app.tgz", digest="c0ffee"),
        entry("1.0.0", "app.tgz", digest=f"md5:{SHA[:32]}"),
        entry("1.0.0", "app.tgz", digest={}),
        entry("1.0.0") | {"urls": "app.tgz"},
        entry("1.0.0") | {"urls": [["app.tgz"]]},
        entry("1.0.0") | {"version": ["1.0.0"]},
    ],
    ids=str,
)
def test_a_malformed_entry_is_refused_and_others_are_not(bad: dict[str, object]) -> None:
    shelf = one(bad, entry("1.0.0", "other.tgz", name="other"))
    with pytest.raises(IntegrityError, match="malformed entry for 'app'") as raised:
        shelf.find("app", "")
    assert raised.value.culprit == WHERE
    assert shelf.find("other", "").urls == ("other.tgz",)


def test_of_many_urls_the_first_are_tried() -> None:
    found = one(entry("1.0.0", *(f"{n}.tgz" for n in range(100)))).find("app", "")
    assert found.urls == tuple(f"{n}.tgz" for n in range(MOST_URLS))


def test_a_version_without_a_url_cannot_be_fetched() -> None:
    with pytest.raises(IntegrityError, match=r"names no URL for app 1\.0\.0"):
        one(entry("1.0.0")).find("app", "")


def test_entries_that_helm_leaves_out_are_left_out() -> None:
    left_out = [entry("9.9.9.9", "x"), entry("", "x"), entry("9.0.0", "x") | {"name": "../app"}]
    text = json.loads(index(entry("1.0.0", "app.tgz")))
    text["entries"]["app"] += [*left_out, None, {}]
    assert Index.decode(json.dumps(text).encode(), WHERE).find("app", "").version == "1.0.0"


@pytest.mark.parametrize("chart", ["other", "App", "", "../app"])
def test_a_chart_that_is_not_there_is_not_found(chart: str) -> None:
    with pytest.raises(NotFound, match="has no version of the chart") as raised:
        listing("1.0.0").find(chart, "")
    assert raised.value.culprit == WHERE


def test_a_range_without_a_version_tells_what_there_is() -> None:
    with pytest.raises(NotFound) as raised:
        listing("1.0.0", "1.1.0").find("app", "^2")
    assert str(raised.value) == "version '^2': no version fits (choose from 1.1.0, 1.0.0)"


def test_a_range_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidTarget):
        listing("1.0.0").find("app", "newest")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!DOCTYPE html><html><body>Please log in</body></html>",
        b"- a list",
        b"apiVersion: v1",
        b"entries: app",
        b"entries: {app: {version: 1.0.0}}",
        b'{"entries": []}',
    ],
)
def test_what_is_no_index_is_refused(content: bytes) -> None:
    with pytest.raises(IntegrityError) as raised:
        Index.decode(content, WHERE)
    assert raised.value.culprit == WHERE


@pytest.mark.parametrize(
    "content", [b"entries: {}", b"{entries: {}}", b"entries:", b"entries: {app: }", b"entries: {app: []}"]
)
def test_an_index_may_be_empty(content: bytes) -> None:
    with pytest.raises(NotFound):
        Index.decode(content, WHERE).find("app", "")


def test_yaml_is_read_as_it_is_written() -> None:
    text = b"""
apiVersion: v1
generated: 2026-01-01T00:00:00Z
entries:
  app:
  - name: app
    version: 1.10
    created: 2026-01-01T00:00:00.123456789Z
    urls: [app.tgz]
    appVersion: 1.0
    unknown: {a: [b]}
"""
    assert Index.decode(text, WHERE).find("app", "").version == "1.10"


def test_many_names_for_one_list_are_one_list() -> None:
    versions = ", ".join(f"{{name: app, version: 1.0.{n}, urls: [x]}}" for n in range(5_000))
    names = "\n".join(f"  n{n}: *all" for n in range(20_000))
    found = Index.decode(f"entries:\n  app: &all [{versions}]\n{names}".encode(), WHERE)
    assert found.find("n19999", "").version == "1.0.4999"
    assert found.entries["app"] is found.entries["n19999"]
