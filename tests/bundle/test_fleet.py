"""What the files of a Fleet repository have read."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from ocibroker.bundle import LocalSource
from ocibroker.bundle.fleet import FleetChart, fleet_sources
from ocibroker.errors import ConfigurationError, OcibrokerError


def written(folder: Path, text: str, name: str = "fleet.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def sources(folder: Path) -> list[str]:
    """Return what is to be read, as text; what fails is raised."""
    found = [one.source for one in fleet_sources(folder)]
    for one in found:
        if isinstance(one, OcibrokerError):
            raise one
    return [str(one) for one in found]


@pytest.mark.parametrize(
    ("helm", "source"),
    [
        ("{repo: 'https://charts.test/stable', chart: app, version: ^1}", "app in https://charts.test/stable ^1"),
        ("{repo: 'https://charts.test/stable', chart: app}", "app in https://charts.test/stable"),
        ("{repo: 'https://charts.test/x', chart: app, version: 1.10}", "app in https://charts.test/x 1.10"),
        ("{repo: 'oci://registry.test/charts/app', version: 1.2.0}", "oci://registry.test/charts/app 1.2.0"),
        ("{chart: 'oci://registry.test/charts/app', version: ~1}", "oci://registry.test/charts/app ~1"),
        ("{chart: 'https://charts.test/app.tgz'}", "https://charts.test/app.tgz"),
        ("{chart: 'git::https://git.test/x//charts/app?ref=v1'}", "git::https://git.test/x//charts/app?ref=v1"),
        ("{chart: 'github.com/rancher/fleet//x'}", "git::https://github.com/rancher/fleet.git//x"),
        ("{chart: git@git.test:x.git}", "git::git@git.test:x.git"),
    ],
)
def test_a_chart_is_a_source(tmp_path: Path, helm: str, source: str) -> None:
    written(tmp_path, f"helm: {helm}\n")
    assert sources(tmp_path) == [source]


@pytest.mark.parametrize("chart", ["./chart", "chart", "../shared", "."])
def test_a_relative_chart_lies_beside_its_file(tmp_path: Path, chart: str) -> None:
    file = written(tmp_path, f"helm: {{chart: {chart}, version: 1.0.0}}", "app/fleet.yaml")
    assert [one.source for one in fleet_sources(tmp_path)] == [LocalSource(file.parent / chart)]


@pytest.mark.parametrize("chart", ["../..", "/etc", "file:///etc", "app/../../../x", "link/x"])
def test_a_chart_outside_of_the_folder_is_refused(tmp_path: Path, chart: str) -> None:
    folder = tmp_path / "repository"
    file = written(folder, f"helm: {{chart: '{chart}'}}", "app/fleet.yaml")
    (folder / "app" / "link").symlink_to(tmp_path)
    (one,) = fleet_sources(folder)
    assert isinstance(one.source, ConfigurationError)
    assert one.source.culprit == str(file)
    assert "outside of" in one.source.message


def test_every_file_below_is_found(tmp_path: Path) -> None:
    for place in ("", "a/", "a/deep/er/", "b/"):
        written(tmp_path, f"helm: {{chart: 'https://charts.test/{place}app.tgz'}}", f"{place}fleet.yaml")
    written(tmp_path, "helm: {chart: 'https://charts.test/not.tgz'}", ".git/fleet.yaml")
    written(tmp_path, "helm: {chart: 'https://charts.test/not.tgz'}", "a/fleet.yaml.bak")
    assert [one.file.relative_to(tmp_path).as_posix() for one in fleet_sources(tmp_path)] == [
        "fleet.yaml",
        "a/fleet.yaml",
        "a/deep/er/fleet.yaml",
        "b/fleet.yaml",
    ]


def test_the_other_ending_counts_where_there_is_no_yaml(tmp_path: Path) -> None:
    written(tmp_path, "helm: {chart: 'https://charts.test/yml.tgz'}", "a/fleet.yml")
    written(tmp_path, "helm: {chart: 'https://charts.test/yml.tgz'}", "b/fleet.yml")
    written(tmp_path, "helm: {chart: 'https://charts.test/yaml.tgz'}", "b/fleet.yaml")
    assert sources(tmp_path) == ["https://charts.test/yml.tgz", "https://charts.test/yaml.tgz"]


CUSTOMIZED = """
defaultNamespace: app
helm:
  repo: https://charts.test/stable
  chart: app
  version: 1.0.0
  values: {replicas: 1, nested: {a: [1, 2]}}
targetCustomizations:
- name: newer
  clusterSelector: {matchLabels: {env: dev}}
  helm: {version: 2.0.0}
- name: same
  helm: {values: {replicas: 2}}
- name: other
  helm: {chart: other}
- name: elsewhere
  helm: {repo: https://charts.test/edge}
- name: none
  kustomize: {dir: x}
- name: twice
  helm: {version: 2.0.0}
"""


def test_each_distinct_chart_of_the_customizations_is_read_once(tmp_path: Path) -> None:
    written(tmp_path, CUSTOMIZED)
    assert sources(tmp_path) == [
        "app in https://charts.test/stable 1.0.0",
        "app in https://charts.test/stable 2.0.0",
        "other in https://charts.test/stable 1.0.0",
        "app in https://charts.test/edge 1.0.0",
    ]


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("targetCustomizations: [{helm: {chart: 'https://charts.test/app.tgz'}}]", "https://charts.test/app.tgz"),
        (
            "helm: {repo: 'https://c.test/x'}\ntargetCustomizations: [{helm: {chart: app}}, {helm: {version: 1}}]",
            "app in https://c.test/x",
        ),
    ],
)
def test_a_customization_may_have_the_only_chart(tmp_path: Path, text: str, source: str) -> None:
    written(tmp_path, text)
    assert sources(tmp_path) == [source]


@pytest.mark.parametrize(
    "text",
    ["", "# nothing", "helm:", "helm: {}", "helm: {values: {a: b}}", "namespace: x", "targetCustomizations:", "{}"],
)
def test_a_file_without_a_chart_has_nothing_read(tmp_path: Path, text: str) -> None:
    written(tmp_path, text)
    assert fleet_sources(tmp_path) == ()


@pytest.mark.parametrize(
    ("word", "wanted"), [("true", False), ("yes", False), ("false", True), ("~", True), ("'true'", False)]
)
def test_the_update_of_dependencies_can_be_disabled(tmp_path: Path, word: str, *, wanted: bool) -> None:
    written(tmp_path, f"helm: {{chart: 'https://charts.test/app.tgz', disableDependencyUpdate: {word}}}")
    assert [one.dependencies for one in fleet_sources(tmp_path)] == [wanted]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("helm:\n  chart: a: b", "is no YAML in line 2"),
        ("helm:\n\tchart: a", "is no YAML in line 2"),
        ("helm: {chart: a}\nhelm: {chart: b}", "has a key twice in line 2"),
        ("helm: app", r"Expected `object \| null`, got `str` - at `\$.helm`"),
        ("helm: {chart: [a]}", r"Expected `str \| null`, got `array` - at `\$.helm.chart`"),
        ("targetCustomizations: {a: b}", r"Expected `array \| null`, got `object`"),
        ("- a", "Expected `object`, got `array`"),
        ("helm: {repo: 'https://charts.test'}", r"has helm\.repo without helm\.chart"),
        ("helm: {repo: 'ftp://charts.test', chart: a}", "is neither an https:// nor an http:// URL"),
        ("helm: {chart: 's3::x'}", "is to be read by s3"),
        ("helm: {repo: 'oci://registry.test/App'}", "does not name a repository"),
        ("helm: {chart: 'https://alice:c0ffee@charts.test/x.tgz'}", "carries a user name or password"),
    ],
)
def test_what_is_wrong_is_told_with_its_file_and_the_others_go_on(tmp_path: Path, text: str, why: str) -> None:
    file = written(tmp_path, text, "a/fleet.yaml")
    written(tmp_path, "helm: {chart: 'https://charts.test/app.tgz'}", "b/fleet.yaml")
    bad, good = fleet_sources(tmp_path)
    assert isinstance(bad.source, OcibrokerError)
    assert bad.file == file
    assert re.search(why, bad.source.message)
    assert "c0ffee" not in str(bad.source)
    assert str(good.source) == "https://charts.test/app.tgz"


def test_malformed_yaml_names_its_file(tmp_path: Path) -> None:
    file = written(tmp_path, "helm: [")
    (one,) = fleet_sources(tmp_path)
    assert isinstance(one.source, ConfigurationError)
    assert one.source.culprit == str(file)


def test_a_file_of_absurd_length_is_refused(tmp_path: Path) -> None:
    written(tmp_path, "#" * (4 * 1024**2 + 1))
    (one,) = fleet_sources(tmp_path)
    assert isinstance(one.source, ConfigurationError)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").symlink_to(tmp_path / "nowhere")
    assert [(one.file, type(one.source)) for one in fleet_sources(tmp_path)] == [
        (tmp_path / "fleet.yaml", ConfigurationError)
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fleet.yaml")
    (one,) = fleet_sources(tmp_path)
    assert isinstance(one.source, ConfigurationError)


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is no folder"):
        fleet_sources(tmp_path / "nowhere")


def test_a_folder_without_such_files_has_nothing_read(tmp_path: Path) -> None:
    assert fleet_sources(tmp_path) == tuple[FleetChart, ...]()
