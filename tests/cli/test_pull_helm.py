"""`ocibroker pull --repo` and `--fleet`: charts of Helm repositories, and all charts of a Fleet repository."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ocibroker.testing import Authority, EmbeddedRegistry
from ocibroker.testing.chart import chart
from tests.bundle.helm_site import stock, versions
from tests.bundle.readings import files_of
from tests.bundle.site import Site, site
from tests.cli.desk import Desk, Outcome
from tests.cli.lean_environment import LeanEnvironment
from tests.transport.brokers import rule
from tests.vendors import asking


@dataclass(frozen=True)
class Yard:
    """A Fleet repository on this desk, a Helm repository and a registry, each behind a password of its own."""

    desk: Desk
    web: Site
    registry: EmbeddedRegistry
    ca: Path

    @property
    def folder(self) -> Path:
        return self.desk.home / "repository"

    @property
    def out(self) -> Path:
        return self.desk.home / "out"

    @property
    def stable(self) -> str:
        return f"https://localhost:{self.web.server.port}/stable"

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def fleet(self, place: str, **helm: Any) -> Path:  # noqa: ANN401
        return self.write(f"{place}/fleet.yaml", json.dumps({"defaultNamespace": "x", "helm": helm}))

    def pull(self, *argv: str) -> Outcome:
        command = ("pull", "--fleet", str(self.folder), "-o", str(self.out), *argv)
        return self.desk.run(*command, SSL_CERT_FILE=str(self.ca))


@pytest.fixture
def yard(desk: Desk, authority: Authority, tmp_path: Path) -> Iterator[Yard]:
    tls = authority.server_context("localhost")
    with site(tls) as web, EmbeddedRegistry(tls=tls, users={"bob": "builder"}) as registry:
        desk.configure(
            rule(f"localhost:{web.server.port}/stable")
            + asking.rule("basic", registry.address, username="bob", password="builder")
        )
        web.guarded["/stable"] = ("alice", "wonder")
        stock(web, versions("1.0.0", "1.2.0", "2.0.0"), "/stable")
        stocked = chart("web", "3.0.0")
        registry.push("charts/web", stocked.tag, stocked.manifest, stocked.media_type, stocked.blobs)
        made = Yard(desk, web, registry, authority.write(tmp_path / "ca"))
        made.folder.mkdir()
        yield made


class TestRepo:
    def pull(self, yard: Yard, *argv: str) -> Outcome:
        return yard.desk.run("pull", "--repo", yard.stable, "-o", str(yard.out), *argv, SSL_CERT_FILE=str(yard.ca))

    @pytest.mark.parametrize(("options", "version"), [([], "2.0.0"), (["--version", "^1"], "1.2.0")])
    def test_a_chart_of_it_is_its_archive(self, yard: Yard, options: list[str], version: str) -> None:
        outcome = self.pull(yard, "app", *options)
        assert (outcome.code, outcome.stdout) == (0, f"{yard.out / f'app-{version}.tgz'}\n")
        assert files_of(yard.out) == {f"app-{version}.tgz": chart("app", version).layer}

    def test_one_that_it_does_not_have_stops_no_other(self, yard: Yard) -> None:
        outcome = self.pull(yard, "missing", "app")
        assert (outcome.code, outcome.stdout) == (4, f"{yard.out / 'app-2.0.0.tgz'}\n")
        assert f"{yard.stable}/index.yaml: has no version of the chart 'missing'" in outcome.stderr

    def test_what_is_no_url_is_refused(self, yard: Yard) -> None:
        outcome = self.pull(yard, "app", "--repo", "stable")
        assert (outcome.code, "is neither an https:// nor an http:// URL" in outcome.stderr) == (2, True)


def test_each_chart_lies_as_its_file_does(yard: Yard) -> None:
    yard.fleet("app", repo=yard.stable, chart="app", version="^1")
    yard.fleet("deep/web", repo=f"oci://{yard.registry.address}/charts/web", version="3.0.0")
    yard.fleet("mine", chart="chart")
    yard.write("mine/chart/Chart.yaml", "name: mine")
    outcome = yard.pull()
    assert (outcome.code, outcome.stdout.splitlines()) == (
        0,
        [str(yard.out / name) for name in ("app/app-1.2.0.tgz", "deep/web/web-3.0.0.tgz", "mine/chart")],
    )
    assert files_of(yard.out) == {
        "app/app-1.2.0.tgz": chart("app", "1.2.0").layer,
        "deep/web/web-3.0.0.tgz": chart("web", "3.0.0").layer,
        "mine/chart/Chart.yaml": b"name: mine",
    }


def test_each_version_of_a_customization_is_fetched(yard: Yard) -> None:
    helm = {"repo": yard.stable, "chart": "app", "version": "1.0.0"}
    newer = {"name": "dev", "helm": {"version": "2.0.0"}}
    yard.write("fleet.yaml", json.dumps({"helm": helm, "targetCustomizations": [newer]}))
    assert yard.pull().code == 0
    assert sorted(files_of(yard.out)) == ["app-1.0.0.tgz", "app-2.0.0.tgz"]
    assert yard.web.paths.count("/stable/index.yaml") <= 2  # one is the question that is answered by a 401


@pytest.mark.parametrize("disabled", [False, True])
def test_a_chart_of_ones_own_gets_what_it_depends_on(yard: Yard, *, disabled: bool) -> None:
    yard.fleet("mine", chart="./chart", disableDependencyUpdate=disabled)
    wanted = [{"name": "app", "version": "1.x", "repository": yard.stable}]
    yard.write(
        "mine/chart/Chart.yaml",
        json.dumps({"apiVersion": "v2", "name": "m", "version": "1.0.0", "dependencies": wanted}),
    )
    assert yard.pull().code == 0
    assert ("mine/chart/charts/app-1.2.0.tgz" in files_of(yard.out)) is not disabled


def test_one_that_fails_names_its_file_and_the_others_are_there(yard: Yard) -> None:
    broken = yard.write("a/fleet.yaml", "helm: {chart: a: b}")
    missing = yard.fleet("b", repo=yard.stable, chart="missing")
    yard.fleet("c", repo=yard.stable, chart="app", version="1.0.0")
    outcome = yard.pull()
    assert (outcome.code, outcome.stdout) == (2, f"{yard.out / 'c/app-1.0.0.tgz'}\n")
    told = [line for line in outcome.stderr.splitlines() if not line.endswith(" bytes")]
    assert told[0].startswith(f"ocibroker: {broken}: is no YAML in line 1")
    assert told[1].startswith(
        f"ocibroker: {missing}: {yard.stable}/index.yaml: has no version of the chart 'missing'"
    )
    assert told[2:] == ["ocibroker: 1 of 3 were pulled, 2 failed"]


def test_a_program_is_told_the_file_of_each(yard: Yard) -> None:
    good = yard.fleet("a", repo=yard.stable, chart="app", version="1.0.0")
    bad = yard.write("b/fleet.yaml", "helm: [")
    one, two = map(json.loads, yard.pull("--json").stdout.splitlines())
    assert (one["file"], one["source"], one["outcome"]) == (str(good), f"app in {yard.stable} 1.0.0", "pulled")
    assert (two["file"], two["source"], two["outcome"]) == (str(bad), str(bad), "failed")
    assert (two["error"], two["culprit"]) == ("ConfigurationError", str(bad))


def test_a_folder_without_such_files_is_nothing_to_do(yard: Yard) -> None:
    assert yard.pull() == Outcome(0, "", "")


def test_a_folder_that_is_none_is_refused(yard: Yard) -> None:
    yard.folder.rmdir()
    outcome = yard.pull()
    assert (outcome.code, "is no folder" in outcome.stderr) == (2, True)


def test_versions_are_those_of_the_files(yard: Yard) -> None:
    yard.fleet("a", repo=yard.stable, chart="app")
    outcome = yard.pull("--version", "1.0.0")
    assert (outcome.code, "takes the versions that its files name" in outcome.stderr) == (2, True)


def test_without_its_library_it_says_what_brings_it(tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").write_text("helm: {chart: ./chart}")
    lean = LeanEnvironment.create(tmp_path / "lean", "cli")
    done = lean.run("-m", "ocibroker", "pull", "--fleet", str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    why = "needs PyYAML, which is not installed (pip install 'ocibroker[bundle]')"
    assert done.stderr == f"ocibroker: {tmp_path / 'fleet.yaml'}: {why}\n"


def test_it_goes_with_other_sources(yard: Yard) -> None:
    yard.fleet("a", repo=yard.stable, chart="app", version="1.0.0")
    outcome = yard.pull(f"oci://{yard.registry.address}/charts/web")
    assert outcome.stdout.splitlines() == [str(yard.out / "web-3.0.0.tgz"), str(yard.out / "a/app-1.0.0.tgz")]
