"""Charts that charts depend on: each by its own access, in the version that Helm takes, into ``charts/``."""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ocibroker.bundle import Bundle, LocalSource, Terms, read
from ocibroker.bundle.chart_metadata import dependencies_of
from ocibroker.bundle.dependency import Dependency
from ocibroker.errors import (
    CredentialWithheld,
    IntegrityError,
    InvalidTarget,
    NotFound,
    OcibrokerError,
    OriginRefused,
    UsageError,
)
from ocibroker.testing import EmbeddedRegistry
from ocibroker.testing.chart import chart
from tests.bundle.helm_site import beside, push, stock, versions
from tests.bundle.packed import file, packed
from tests.bundle.readings import files_of
from tests.bundle.world import CHARTS, World
from tests.oci.stock import Blob, artifact
from tests.transport.brokers import rule
from tests.transport.canary import Canary

REPOSITORY = f"https://{CHARTS}/stable"
COMMON = chart("common", "1.2.0")


@dataclass(frozen=True)
class Parent:
    """A chart's folder on this machine, in the making."""

    folder: Path

    def write(self, name: str, content: str | bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def describe(self, *dependencies: Any, at: str = "", name: str = "app", api: str = "v2") -> None:  # noqa: ANN401
        said = {"apiVersion": api, "name": name, "version": "0.1.0"}
        listed = {"dependencies": list(dependencies)} if dependencies else {}
        self.write(f"{at}Chart.yaml", json.dumps(said | (listed if api == "v2" else {})))
        if api == "v1":
            self.write(f"{at}requirements.yaml", json.dumps(listed))

    @property
    def source(self) -> LocalSource:
        return LocalSource(self.folder)


def on(repository: str, version: str = "^1", name: str = "common", **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"name": name, "version": version, "repository": repository, **more}


@pytest.fixture
def parent(tmp_path: Path) -> Parent:
    return Parent(tmp_path / "work" / "app")


def vendored(bundle: Bundle) -> dict[str, bytes]:
    return files_of(bundle.root / "charts")


class TestADependency:
    def test_lies_below_charts_as_its_archive(self, world: World, parent: Parent) -> None:
        stock(world.charts, [COMMON], "/stable")
        parent.describe(on(REPOSITORY))
        bundle = world.read(parent.source)
        assert vendored(bundle) == {"common-1.2.0.tgz": COMMON.layer}
        assert bundle.files == ("Chart.yaml", "charts/common-1.2.0.tgz")
        assert not (parent.folder / "charts").exists()

    @pytest.mark.parametrize(
        ("wanted", "chosen"), [("^1", "1.10.0"), ("1.2.0", "1.2.0"), ("~1.2", "1.2.1"), ("", "2.0.0")]
    )
    def test_is_the_highest_in_its_range(self, world: World, parent: Parent, wanted: str, chosen: str) -> None:
        stock(world.charts, versions("1.2.0", "1.2.1", "1.10.0", "2.0.0", name="common"), "/stable")
        parent.describe(on(REPOSITORY, wanted))
        assert list(vendored(world.read(parent.source))) == [f"common-{chosen}.tgz"]

    def test_is_fetched_whatever_its_conditions(self, world: World, parent: Parent) -> None:
        stock(world.charts, [COMMON], "/stable")
        parent.describe(on(REPOSITORY, condition="common.enabled", tags=["x"], alias="c", enabled=False))
        assert list(vendored(world.read(parent.source))) == ["common-1.2.0.tgz"]

    def test_under_two_names_is_one_archive(self, world: World, parent: Parent) -> None:
        stock(world.charts, [COMMON], "/stable")
        parent.describe(on(REPOSITORY, alias="one"), on(REPOSITORY, alias="two"))
        assert list(vendored(world.read(parent.source))) == ["common-1.2.0.tgz"]

    def test_of_the_former_kind_is_one_too(self, world: World, parent: Parent) -> None:
        stock(world.charts, [COMMON], "/stable")
        parent.describe(on(REPOSITORY), api="v1")
        assert list(vendored(world.read(parent.source))) == ["common-1.2.0.tgz"]

    def test_of_a_chart_anywhere_in_the_bundle_is_fetched(self, world: World, parent: Parent) -> None:
        stock(world.charts, [COMMON], "/stable")
        parent.describe(on(REPOSITORY), at="deep/er/")
        assert world.read(parent.source).files == ("deep/er/Chart.yaml", "deep/er/charts/common-1.2.0.tgz")

    def test_of_a_chart_in_an_archive_is_fetched(self, world: World) -> None:
        stock(world.charts, [COMMON], "/stable")
        said = json.dumps({"apiVersion": "v2", "name": "app", "version": "1", "dependencies": [on(REPOSITORY)]})
        world.charts.files["/app.tgz"] = packed([file("app/Chart.yaml", said.encode())])
        assert "app/charts/common-1.2.0.tgz" in world.read(f"https://{CHARTS}/app.tgz").files

    def test_is_not_fetched_where_that_is_not_wanted(self, world: World, parent: Parent) -> None:
        parent.describe(on(REPOSITORY))
        assert world.read(parent.source, terms=Terms(dependencies=False)).files == ("Chart.yaml",)
        assert world.charts.paths == []

    def test_that_cannot_be_had_leaves_nothing(self, world: World, parent: Parent) -> None:
        stock(world.charts, [COMMON], "/stable")
        parent.describe(on(REPOSITORY), on(REPOSITORY, "^9"))
        parent.describe(on(REPOSITORY), on(REPOSITORY, name="missing"))
        with pytest.raises(NotFound, match="'missing'"):
            world.read(parent.source)
        assert world.everything == []


class TestWhatIsThere:
    @pytest.mark.parametrize("folder", [True, False])
    def test_stays_and_is_not_asked_for(self, world: World, parent: Parent, *, folder: bool) -> None:
        parent.describe(on(REPOSITORY))
        if folder:
            parent.write("charts/any/Chart.yaml", COMMON.config)
        else:
            parent.write("charts/any.tgz", COMMON.layer)
        before = files_of(parent.folder / "charts")
        assert vendored(world.read(parent.source)) == before
        assert world.charts.paths == []

    def test_is_told_from_what_is_called_alike(self, world: World, parent: Parent) -> None:
        stock(world.charts, [COMMON], "/stable")
        parent.describe(on(REPOSITORY))
        parent.write("charts/common-2-1.0.0.tgz", chart("common-2", "1.0.0").layer)
        assert set(vendored(world.read(parent.source))) == {"common-1.2.0.tgz", "common-2-1.0.0.tgz"}

    @pytest.mark.parametrize("name", ["_common.tgz", ".common.tgz", "README.md"])
    def test_does_not_count_where_helm_leaves_it_out(self, world: World, parent: Parent, name: str) -> None:
        stock(world.charts, [COMMON], "/stable")
        parent.describe(on(REPOSITORY))
        parent.write(f"charts/{name}", COMMON.layer)
        assert set(vendored(world.read(parent.source))) == {name, "common-1.2.0.tgz"}

    def test_is_kept_beside_what_is_missing(self, world: World, parent: Parent) -> None:
        stock(world.charts, [chart("other", "1.0.0")], "/stable")
        parent.describe(on(REPOSITORY), on(REPOSITORY, name="other"))
        parent.write("charts/common-1.0.0.tgz", chart("common", "1.0.0").layer)
        assert set(vendored(world.read(parent.source))) == {"common-1.0.0.tgz", "other-1.0.0.tgz"}
        assert "/stable/common-1.2.0.tgz" not in world.charts.paths

    def test_may_be_all_that_a_chart_without_repository_has(self, world: World, parent: Parent) -> None:
        parent.describe(on(""))
        parent.write("charts/common/Chart.yaml", COMMON.config)
        assert world.read(parent.source).files == ("Chart.yaml", "charts/common/Chart.yaml")

    @pytest.mark.parametrize(
        "content", [b"no archive", packed([file("x/y", b"z")])], ids=["no-archive", "no-metadata"]
    )
    def test_that_is_no_chart_is_refused(self, world: World, parent: Parent, content: bytes) -> None:
        parent.describe(on(REPOSITORY))
        parent.write("charts/broken.tgz", content)
        with pytest.raises(IntegrityError, match="is no archive of a chart") as raised:
            world.read(parent.source)
        assert raised.value.culprit == f"{parent.folder}: charts/broken.tgz"


LOCKED = on(REPOSITORY, ">=1.0.0 <2", condition="a & é", tags=["front", "back"], alias="e") | {
    "import-values": ["c"]
}
# The digest of a Chart.lock for it with 1.0.0; tests/e2e has Helm write such a lock.
DIGEST = "sha256:899e3b6f9e96b4b1e0f01bbdace5116b5559d3714eb7ffb621467bb404cca57b"


class TestALock:
    def lock(self, parent: Parent, digest: str, version: str = "1.0.0", name: str = "Chart.lock") -> None:
        held = [{"name": "common", "repository": REPOSITORY, "version": version}]
        parent.write(
            name, json.dumps({"dependencies": held, "digest": digest, "generated": "2026-01-01T00:00:00Z"})
        )

    @pytest.mark.parametrize(("api", "name"), [("v2", "Chart.lock"), ("v1", "requirements.lock")])
    def test_decides_the_version(self, world: World, parent: Parent, api: str, name: str) -> None:
        stock(world.charts, versions("1.0.0", "1.2.0", name="common"), "/stable")
        parent.describe(LOCKED, api=api)
        self.lock(parent, DIGEST, name=name)
        assert list(vendored(world.read(parent.source))) == ["common-1.0.0.tgz"]

    def test_whose_version_is_gone_is_an_error(self, world: World, parent: Parent) -> None:
        stock(world.charts, versions("1.2.0", name="common"), "/stable")
        parent.describe(LOCKED)
        self.lock(parent, DIGEST)
        with pytest.raises(NotFound):
            world.read(parent.source)

    @pytest.mark.parametrize("changed", [{"version": ">=1.0.0 <3"}, {"alias": "f"}, {"tags": ["x"]}])
    def test_that_was_made_before_a_change_does_not_count(
        self, world: World, parent: Parent, changed: dict[str, object]
    ) -> None:
        stock(world.charts, versions("1.0.0", "1.2.0", name="common"), "/stable")
        parent.describe(LOCKED | changed)
        self.lock(parent, DIGEST)
        assert list(vendored(world.read(parent.source))) == ["common-1.2.0.tgz"]

    def test_that_was_made_for_something_else_does_not_count(self, world: World, parent: Parent) -> None:
        stock(world.charts, versions("1.0.0", "1.2.0", name="common"), "/stable")
        parent.describe(LOCKED)
        self.lock(parent, "sha256:" + "0" * 64)
        assert list(vendored(world.read(parent.source))) == ["common-1.2.0.tgz"]

    @pytest.mark.parametrize("content", ["[", "dependencies: x", "dependencies: [x]"])
    def test_that_is_malformed_is_refused(self, world: World, parent: Parent, content: str) -> None:
        parent.describe(LOCKED)
        parent.write("Chart.lock", content)
        with pytest.raises(IntegrityError) as raised:
            world.read(parent.source)
        assert raised.value.culprit.startswith(str(parent.folder))


class TestWhoGetsACredential:
    @pytest.mark.acceptance(27)
    def test_a_second_registry_gets_its_own_and_never_the_firsts(
        self, world: World, parent: Parent, registry: EmbeddedRegistry
    ) -> None:
        world.charts.guarded["/"] = ("alice", world.password)
        stock(world.charts, [chart("first", "1.0.0")], "/stable")
        push(registry, COMMON)
        parent.describe(on(REPOSITORY, name="first"), on(f"oci://{registry.address}/charts"))
        own = rule(registry.address, password="bobs-own").replace("alice", "bob")
        bundle = read(beside(world, registry, own), parent.source, world.folder)
        assert vendored(bundle) == {
            "first-1.0.0.tgz": chart("first", "1.0.0").layer,
            "common-1.2.0.tgz": COMMON.layer,
        }
        assert world.charts.credentials("/stable/index.yaml") == [f"alice:{world.password}"]
        asked = repr(registry.requests.take())
        assert Canary("bobs-own").hits(asked)
        assert world.canary.hits(asked) == []
        assert world.charts.hits(Canary("bobs-own")) == []

    @pytest.mark.acceptance(20, 27)
    def test_a_second_registry_without_a_rule_gets_none(
        self, world: World, parent: Parent, registry: EmbeddedRegistry
    ) -> None:
        push(registry, COMMON)
        parent.describe(on(f"oci://{registry.address}/charts"))
        with pytest.raises(OcibrokerError) as raised:
            read(beside(world, registry), parent.source, world.folder)
        assert world.canary.hits(repr(registry.requests.take()) + str(raised.value)) == []
        assert world.everything == []

    @pytest.mark.acceptance(20, 27)
    def test_a_second_repository_without_a_rule_gets_none(self, world: World, parent: Parent) -> None:
        world.spy.guarded["/"] = ("alice", world.password)
        parent.describe(on("https://evil.test/stable"))
        with pytest.raises(CredentialWithheld):
            world.read(parent.source)
        assert (world.spy.paths, world.spy.hits(world.canary)) == (["/stable/index.yaml"], [])

    def test_what_a_registry_has_must_be_a_chart(
        self, world: World, parent: Parent, registry: EmbeddedRegistry
    ) -> None:
        stocked = artifact(Blob(b"one", "one.txt"))
        registry.push("charts/common", "1.0.0", stocked.manifest, stocked.media_type, stocked.blobs)
        parent.describe(on(f"oci://{registry.address}/charts"))
        own = rule(registry.address, password="bobs-own").replace("alice", "bob")
        with pytest.raises(IntegrityError, match="is no chart"):
            read(beside(world, registry, own), parent.source, world.folder)

    def test_a_registry_chooses_by_the_range_too(
        self, world: World, parent: Parent, registry: EmbeddedRegistry
    ) -> None:
        for one in versions("1.0.0", "1.2.0", "2.0.0", name="common"):
            push(registry, one)
        parent.describe(on(f"oci://{registry.address}/charts/"))
        own = rule(registry.address, password="bobs-own").replace("alice", "bob")
        bundle = read(beside(world, registry, own), parent.source, world.folder)
        assert list(vendored(bundle)) == ["common-1.2.0.tgz"]


class TestBeside:
    """Dependencies by ``file://``."""

    def describe(self, parent: Parent, repository: str, version: str = "^1") -> None:
        parent.describe(on(repository, version), at="app/")
        parent.write("common/Chart.yaml", COMMON.config)
        parent.write("common/templates/x.yaml", "x: y")

    def test_are_packed_as_they_are(self, world: World, parent: Parent) -> None:
        self.describe(parent, "file://../common")
        bundle = world.read(parent.source)
        assert "app/charts/common-1.2.0.tgz" in bundle.files
        with tarfile.open(bundle.root / "app/charts/common-1.2.0.tgz") as archive:
            assert archive.getnames() == ["common/Chart.yaml", "common/templates/x.yaml"]
            content = archive.extractfile("common/Chart.yaml")
            assert content is not None
            assert content.read() == COMMON.config

    def test_hold_what_their_links_to_files_lead_to(self, world: World, parent: Parent) -> None:
        self.describe(parent, "file://../common")
        (parent.folder / "common" / "link").symlink_to("templates/x.yaml")
        bundle = world.read(parent.source)
        with tarfile.open(bundle.root / "app/charts/common-1.2.0.tgz") as archive:
            assert archive.getmember("common/link").isreg()

    def test_with_links_to_folders_are_refused(self, world: World, parent: Parent) -> None:
        self.describe(parent, "file://../common")
        (parent.folder / "common" / "link").symlink_to("templates")
        with pytest.raises(IntegrityError, match="a link to a folder or to nothing"):
            world.read(parent.source)

    def test_are_the_same_bytes_each_time(self, world: World, parent: Parent) -> None:
        self.describe(parent, "file://../common")
        first, second = (
            read(world.broker(), parent.source, world.folder / name).root / "app/charts/common-1.2.0.tgz"
            for name in ("a", "b")
        )
        assert first.read_bytes() == second.read_bytes()

    def test_are_completed_first(self, world: World, parent: Parent) -> None:
        stock(world.charts, [chart("base", "1.0.0")], "/stable")
        self.describe(parent, "file://../common")
        parent.describe(on(REPOSITORY, name="base"), at="common/", name="common")
        parent.describe(on("file://../common", "*"), at="app/")
        bundle = world.read(parent.source)
        assert {"common/charts/base-1.0.0.tgz", "app/charts/common-0.1.0.tgz"} <= set(bundle.files)

    def test_that_depend_on_each_other_end(self, world: World, parent: Parent) -> None:
        parent.describe(on("file://../common", "*"), at="app/")
        parent.describe(on("file://../app", "*", name="app"), at="common/", name="common")
        assert {"app/charts/common-0.1.0.tgz", "common/charts/app-0.1.0.tgz"} <= set(
            world.read(parent.source).files
        )

    @pytest.mark.parametrize(
        "repository", ["file://../../common", "file:///etc", "file://../../../../../etc", "file://../link"]
    )
    def test_that_lie_outside_are_refused(self, world: World, parent: Parent, repository: str) -> None:
        self.describe(parent, repository)
        outside = parent.folder.parent / "common"
        outside.mkdir()
        (outside / "Chart.yaml").write_bytes(COMMON.config)
        if repository.endswith("link"):
            (parent.folder / "link").symlink_to(outside)
        with pytest.raises((UsageError, IntegrityError)):
            world.read(parent.source)
        assert world.everything == []

    def test_in_another_version_are_refused(self, world: World, parent: Parent) -> None:
        self.describe(parent, "file://../common", "^2")
        with pytest.raises(NotFound, match="no version fits"):
            world.read(parent.source)

    def test_that_are_not_there_are_named(self, world: World, parent: Parent) -> None:
        self.describe(parent, "file://../missing")
        with pytest.raises(NotFound) as raised:
            world.read(parent.source)
        assert raised.value.culprit == f"{parent.folder}: app, which depends on 'common'"


@pytest.mark.parametrize(
    ("repository", "why"),
    [
        ("@stable", "names a repository of this machine's Helm"),
        ("alias:stable", "names a repository of this machine's Helm"),
        ("", "names no repository"),
        ("stable", "is in a kind of repository that is not read"),
        ("s3://bucket/charts", "is in a kind of repository that is not read"),
        ("git+https://charts.test/x", "is in a kind of repository that is not read"),
    ],
)
def test_a_repository_that_is_not_read_is_named(world: World, parent: Parent, repository: str, why: str) -> None:
    parent.describe(on(repository))
    with pytest.raises(OcibrokerError, match=why) as raised:
        world.read(parent.source)
    assert raised.value.culprit == f"{parent.folder}, which depends on 'common'"
    assert raised.value.hint


@pytest.mark.parametrize("repository", ["https://169.254.169.254/stable", "oci://169.254.169.254/charts"])
def test_an_address_that_no_repository_has_is_refused(world: World, parent: Parent, repository: str) -> None:
    parent.describe(on(repository))
    with pytest.raises(OriginRefused):
        world.read(parent.source)
    assert world.spy.paths == []


def test_a_password_in_a_repositorys_url_is_refused_and_not_shown(world: World, parent: Parent) -> None:
    parent.describe(on(f"https://alice:c0ffee@{CHARTS}/stable"))
    with pytest.raises(InvalidTarget) as raised:
        world.read(parent.source)
    assert "c0ffee" not in str(raised.value)


@pytest.mark.parametrize("name", ["../../evil", "a/b", "/etc/x"])
def test_a_name_does_not_choose_where_it_is_written(world: World, parent: Parent, name: str) -> None:
    world.charts.files["/stable/index.yaml"] = json.dumps(
        {"entries": {name: [{"name": "x", "version": "1.0.0", "urls": ["x.tgz"]}]}}
    ).encode()
    world.charts.files["/stable/x.tgz"] = COMMON.layer
    parent.describe(on(REPOSITORY, name=name))
    with pytest.raises(OcibrokerError):
        world.read(parent.source)
    assert world.everything == []


@pytest.mark.parametrize(
    "text",
    [
        "dependencies: [",
        "dependencies: x",
        "name: [dependencies]",
        "name: a\ndependencies: [{version: 1}]",
        "dependencies",
    ],
)
def test_a_malformed_chart_is_refused(world: World, parent: Parent, text: str) -> None:
    parent.write("Chart.yaml", text)
    with pytest.raises(IntegrityError) as raised:
        world.read(parent.source)
    assert raised.value.culprit.startswith(str(parent.folder))


def test_a_chart_of_absurd_length_is_refused(world: World, parent: Parent) -> None:
    parent.write("Chart.yaml", b"#" * (1024 * 1024 + 1))
    with pytest.raises(IntegrityError, match="is longer than 1048576 bytes") as raised:
        world.read(parent.source)
    assert raised.value.culprit == f"{parent.folder}: Chart.yaml"


def test_nulls_are_nothing(tmp_path: Path) -> None:
    (tmp_path / "Chart.yaml").write_text("name: a\ndependencies: [{name: b, version: , repository: ~, tags: }]")
    assert dependencies_of(tmp_path, "x") == (Dependency(name="b", repository=""),)
