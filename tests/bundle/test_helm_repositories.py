"""Charts of Helm repositories by HTTP: where they come from, who gets a credential, and what is refused."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from ocibroker.bundle import ChartSource, Link, Terms, read, read_many
from ocibroker.errors import (
    CredentialWithheld,
    IntegrityError,
    InvalidTarget,
    NotFound,
    OcibrokerError,
    RegistryRefused,
    WrongScheme,
)
from ocibroker.testing import CannedResponse, EmbeddedRegistry
from ocibroker.testing.chart import chart
from tests.bundle.helm_site import beside, entry, index, push, stock, versions
from tests.bundle.world import CHARTS, LOOKALIKES, World
from tests.oci.stock import Blob, artifact
from tests.transport.brokers import rule

REPOSITORY = f"https://{CHARTS}/stable"
APP = chart("app", "1.2.0")
PACKED = Terms(unpack=False)


def source(version: str = "", name: str = "app", repository: str = REPOSITORY) -> ChartSource:
    return ChartSource(Link.parse(repository), name, version)


def offer(world: World, *urls: str, digest: str = "") -> None:
    """Have the guarded repository name these URLs for app 1.2.0."""
    world.charts.guarded["/"] = ("alice", world.password)
    world.charts.files["/stable/index.yaml"] = index(entry("1.2.0", *urls, digest=digest))


class TestAChart:
    def test_is_its_folder(self, world: World) -> None:
        stock(world.charts, versions("1.0.0", "1.2.0", "2.0.0"), "/stable")
        bundle = world.read(source("^1"))
        assert bundle.root == world.folder / "app"
        assert bundle.files == ("Chart.yaml", "templates/configmap.yaml")
        assert bundle.chart is not None
        assert (bundle.chart.name, bundle.chart.version) == ("app", "1.2.0")
        assert bundle.resolved == f"app 1.2.0 in {REPOSITORY} (sha256:{hashlib.sha256(APP.layer).hexdigest()})"

    def test_is_its_archive_where_it_is_not_to_be_unpacked(self, world: World) -> None:
        stock(world.charts, [APP], "/stable")
        bundle = world.read(source(), terms=PACKED)
        assert (bundle.root.name, bundle.root.read_bytes()) == ("app-1.2.0.tgz", APP.layer)
        assert world.everything == ["app-1.2.0.tgz"]

    @pytest.mark.parametrize("base", ["", "charts/", "/stable/", f"{REPOSITORY}/", f"https://{CHARTS}:443/stable/"])
    def test_may_be_named_by_any_url(self, world: World, base: str) -> None:
        stock(world.charts, [APP], "/stable", base)
        world.charts.files["/stable/charts/app-1.2.0.tgz"] = APP.layer
        world.charts.guarded["/"] = ("alice", world.password)
        assert world.read(source(), terms=PACKED).root.read_bytes() == APP.layer
        assert {one for path in world.charts.paths for one in world.charts.credentials(path)} == {
            f"alice:{world.password}"
        }

    def test_may_have_its_build_escaped_as_chartmuseum_and_artifactory_do(self, world: World) -> None:
        built = chart("app", "1.2.0+build")
        world.charts.files["/stable/index.yaml"] = index(entry(built.version, "charts/app-1.2.0%2Bbuild.tgz"))
        world.charts.files["/stable/charts/app-1.2.0%2Bbuild.tgz"] = built.layer
        bundle = world.read(source(), terms=PACKED)
        assert (bundle.root.name, bundle.root.read_bytes()) == ("app-1.2.0+build.tgz", built.layer)

    def test_keeps_the_query_of_its_repository_and_shows_it_nowhere(self, world: World) -> None:
        stock(world.charts, [APP], "/stable")
        bundle = world.read(source(repository=f"{REPOSITORY}?sig=c0ffee"))
        assert [request.query_string for request in world.charts.server.requests] == ["sig=c0ffee"] * 2
        assert "c0ffee" not in bundle.resolved

    @pytest.mark.parametrize("name", ["app", "other"])
    def test_may_come_from_a_repository_at_the_root(self, world: World, name: str) -> None:
        stock(world.charts, [chart(name, "1.0.0")])
        assert world.read(source(name=name, repository=f"https://{CHARTS}/")).root.name == name

    def test_that_is_not_listed_is_not_found(self, world: World) -> None:
        stock(world.charts, [APP], "/stable")
        with pytest.raises(NotFound) as raised:
            world.read(source(name="other"))
        assert raised.value.culprit == f"{REPOSITORY}/index.yaml"
        assert world.everything == []

    @pytest.mark.parametrize("name", ["../app", "a/b", ".."])
    def test_does_not_choose_where_it_is_written(self, world: World, name: str) -> None:
        world.charts.files["/stable/index.yaml"] = index(entry("1.2.0", "app.tgz") | {"name": name})
        with pytest.raises(OcibrokerError):
            world.read(source(name=name))
        assert world.everything == []

    def test_that_is_no_archive_is_refused(self, world: World) -> None:
        offer(world, "app.tgz")
        world.charts.files["/stable/app.tgz"] = b"<html>"
        with pytest.raises(IntegrityError):
            world.read(source())
        assert world.everything == []


class TestADigest:
    @pytest.mark.parametrize("mark", ["", "sha256:"])
    def test_that_is_another_is_refused(self, world: World, mark: str) -> None:
        offer(world, "app.tgz", "second.tgz", digest=mark + "0" * 64)
        world.charts.files |= {"/stable/app.tgz": APP.layer, "/stable/second.tgz": APP.layer}
        with pytest.raises(IntegrityError, match="is not what its checksum says") as raised:
            world.read(source())
        assert raised.value.culprit == f"{REPOSITORY}/app.tgz"
        assert "/stable/second.tgz" not in world.charts.paths
        assert world.everything == []


class TestSeveralURLs:
    def test_are_tried_in_their_order(self, world: World) -> None:
        offer(world, "gone.tgz", "file:///etc/passwd", f"https://{CHARTS}:8443/x.tgz", "app.tgz", "late.tgz")
        world.charts.files |= {"/stable/app.tgz": APP.layer, "/stable/late.tgz": b""}
        assert world.read(source(), terms=PACKED).root.read_bytes() == APP.layer
        assert list(dict.fromkeys(world.charts.paths)) == [
            "/stable/index.yaml",
            "/stable/gone.tgz",
            "/stable/app.tgz",
        ]
        assert world.spy.paths == ["/x.tgz"]

    def test_that_all_fail_tell_of_the_first(self, world: World) -> None:
        offer(world, "gone.tgz", "file:///etc/passwd")
        with pytest.raises(NotFound) as raised:
            world.read(source())
        assert raised.value.culprit == f"{REPOSITORY}/gone.tgz"


ELSEWHERE = [
    *(f"https://{host}/app.tgz" for host in LOOKALIKES),
    "//evil.test/app.tgz",
    f"https://{CHARTS}:8443/app.tgz",
    f"//{CHARTS}:8443/app.tgz",
]


class TestAnotherHost:
    """(b): the index says where a chart is, and not who gets a credential there."""

    @pytest.mark.acceptance(21, 23)
    @pytest.mark.parametrize("url", ELSEWHERE)
    def test_b_gets_nothing_of_the_repositorys(self, world: World, url: str) -> None:
        offer(world, url)
        world.spy.files["/app.tgz"] = APP.layer
        assert world.read(source(), terms=PACKED).root.read_bytes() == APP.layer
        assert world.charts.credentials("/stable/index.yaml") == [f"alice:{world.password}"]
        assert (world.spy.paths, world.spy.hits(world.canary)) == (["/app.tgz"], [])

    @pytest.mark.acceptance(20, 23)
    @pytest.mark.parametrize("url", ELSEWHERE)
    def test_b_that_asks_for_a_credential_is_told_that_none_is_for_it(self, world: World, url: str) -> None:
        offer(world, url)
        world.spy.guarded["/"] = ("alice", world.password)
        with pytest.raises(CredentialWithheld, match=r"withheld: .* no rule matches"):
            world.read(source())
        assert world.spy.hits(world.canary) == []

    @pytest.mark.acceptance(23)
    def test_gets_the_credential_that_is_its_own(self, world: World) -> None:
        offer(world, "https://evil.test/app.tgz")
        world.spy.guarded["/"] = ("alice", "evils-own")
        world.spy.files["/app.tgz"] = APP.layer
        broker = world.broker(rule(CHARTS, password=world.password), rule("evil.test", password="evils-own"))
        world.read(source(), broker)
        assert world.spy.credentials("/app.tgz") == ["alice:evils-own"]
        assert world.spy.hits(world.canary) == []

    @pytest.mark.acceptance(23)
    def test_gets_no_query_of_the_repositorys(self, world: World) -> None:
        offer(world, "//evil.test/app.tgz")
        world.spy.files["/app.tgz"] = APP.layer
        world.read(source(repository=f"{REPOSITORY}?sig=c0ffee"))
        assert [request.query_string for request in world.spy.server.requests] == [""]

    @pytest.mark.acceptance(24)
    def test_that_the_index_redirects_to_gets_nothing_and_is_where_it_comes_from(self, world: World) -> None:
        """The chart is sought in the repository that was asked for, as Helm does."""
        offer(world, "app.tgz")
        world.charts.redirect("/stable/index.yaml", "https://evil.test/index.yaml")
        world.spy.files["/index.yaml"] = index(entry("1.2.0", "app.tgz"))
        world.charts.files["/stable/app.tgz"] = APP.layer
        assert world.read(source(), terms=PACKED).root.read_bytes() == APP.layer
        assert (world.spy.paths, world.spy.hits(world.canary)) == (["/index.yaml"], [])

    @pytest.mark.acceptance(21)
    @pytest.mark.parametrize("url", [f"https://{CHARTS}@evil.test/app.tgz", f"https://evil.test\\@{CHARTS}/a.tgz"])
    def test_b_in_disguise_is_refused(self, world: World, url: str) -> None:
        offer(world, url)
        with pytest.raises(InvalidTarget):
            world.read(source())
        assert world.spy.paths == []


class TestARegistry:
    """The index may name ``oci://``."""

    @pytest.mark.acceptance(23, 27)
    def test_gets_its_own_credential_and_not_the_repositorys(
        self, world: World, registry: EmbeddedRegistry
    ) -> None:
        push(registry, APP)
        digest = hashlib.sha256(APP.layer).hexdigest()
        offer(world, f"oci://{registry.address}/charts/app:1.2.0", digest=digest)
        own = rule(registry.address, password="bobs-own").replace("alice", "bob")
        bundle = read(beside(world, registry, own), source(), world.folder, PACKED)
        assert (bundle.root.name, bundle.root.read_bytes()) == ("app-1.2.0.tgz", APP.layer)
        assert world.everything == ["app-1.2.0.tgz"]
        assert world.canary.hits(repr(registry.requests.take())) == []

    @pytest.mark.acceptance(20, 23)
    def test_without_a_rule_gets_nothing(self, world: World, registry: EmbeddedRegistry) -> None:
        push(registry, APP)
        offer(world, f"oci://{registry.address}/charts/app:1.2.0")
        with pytest.raises(RegistryRefused):
            read(beside(world, registry), source(), world.folder)
        assert world.canary.hits(repr(registry.requests.take())) == []

    @pytest.mark.parametrize("url", ["oci://{}/charts/app:1.2.0", "oci://{}/charts/app@{}"])
    def test_that_holds_something_else_is_refused(self, world: World, registry: EmbeddedRegistry, url: str) -> None:
        push(registry, APP)
        offer(world, url.format(registry.address, APP.digest), digest="0" * 64)
        own = rule(registry.address, password="bobs-own").replace("alice", "bob")
        with pytest.raises(IntegrityError, match="is not what its checksum says"):
            read(beside(world, registry, own), source(), world.folder)
        assert world.everything == []

    def test_that_holds_no_chart_is_refused(self, world: World, registry: EmbeddedRegistry) -> None:
        stocked = artifact(Blob(b"one", "one.txt"))
        registry.push("charts/app", "1.2.0", stocked.manifest, stocked.media_type, stocked.blobs)
        offer(world, f"oci://{registry.address}/charts/app:1.2.0")
        own = rule(registry.address, password="bobs-own").replace("alice", "bob")
        with pytest.raises(IntegrityError, match="is no chart"):
            read(beside(world, registry, own), source(), world.folder)


class TestPlainHTTP:
    @pytest.mark.acceptance(21)
    @pytest.mark.parametrize("url", [f"http://{CHARTS}/app.tgz", "http://evil.test/app.tgz"])
    def test_g_for_a_chart_is_refused(self, world: World, url: str) -> None:
        offer(world, url)
        with pytest.raises(WrongScheme):
            world.read(source())
        assert (world.plain.paths, world.plain.hits(world.canary)) == ([], [])

    def test_g_for_an_index_is_refused(self, world: World) -> None:
        with pytest.raises(WrongScheme):
            world.read(source(repository=f"http://{CHARTS}/stable"))
        assert world.plain.paths == []


class TestTheRules:
    @pytest.mark.acceptance(22)
    def test_by_path_are_judged_for_index_and_chart_each(self, world: World) -> None:
        stock(world.charts, [APP], "/stable", "/files/")
        world.charts.files["/files/app-1.2.0.tgz"] = APP.layer
        world.charts.guarded |= {"/stable": ("alice", "for-stable"), "/files": ("alice", "for-files")}
        rules = [rule(f"{CHARTS}/{one}", password=f"for-{one}") for one in ("stable", "files")]
        world.read(source(), world.broker(*rules))
        assert world.charts.credentials("/stable/index.yaml") == ["alice:for-stable"]
        assert world.charts.credentials("/files/app-1.2.0.tgz") == ["alice:for-files"]

    @pytest.mark.acceptance(20)
    def test_that_do_not_match_withhold(self, world: World) -> None:
        offer(world, "app.tgz")
        with pytest.raises(CredentialWithheld) as raised:
            world.read(source(), world.broker(rule("other.test")))
        assert raised.value.culprit == f"{REPOSITORY}/index.yaml"

    @pytest.mark.acceptance(20)
    def test_that_give_the_wrong_password_are_told_from_none(self, world: World) -> None:
        offer(world, "app.tgz")
        with pytest.raises(RegistryRefused) as raised:
            world.read(source(), world.broker(rule(CHARTS, password="wrong")))
        assert not isinstance(raised.value, CredentialWithheld)


class TestManyCharts:
    def test_of_one_repository_fetch_its_index_once(self, world: World) -> None:
        names = [f"app{number}" for number in range(10)]
        stock(world.charts, [chart(name, "1.0.0") for name in names], "/stable")
        wanted = [source(name=name) for name in names]
        outcomes = read_many(world.broker(), wanted, world.folder)
        assert [one.root.name for one in outcomes if not isinstance(one, OcibrokerError)] == names
        assert world.charts.paths.count("/stable/index.yaml") == 1

    def test_of_several_repositories_fetch_each_index_once(self, world: World) -> None:
        for path in ("/stable", "/other"):
            stock(world.charts, [chart(f"app{number}", "1.0.0") for number in range(3)], path)
        wanted = [source(name=f"app{n}", repository=f"https://{CHARTS}/stable") for n in range(2)]
        wanted += [source(name="app2", repository=f"https://{CHARTS}/other")]
        read_many(world.broker(), wanted, world.folder)
        assert sorted(path for path in world.charts.paths if path.endswith("index.yaml")) == [
            "/other/index.yaml",
            "/stable/index.yaml",
        ]

    def test_of_one_repository_that_is_spelt_in_two_ways_fetch_its_index_once(self, world: World) -> None:
        stock(world.charts, [chart("app1", "1.0.0"), chart("app2", "1.0.0")], "/stable")
        spelt = [REPOSITORY, f"https://{CHARTS.upper()}:443/stable/"]
        wanted = [source(name=f"app{n}", repository=url) for n, url in enumerate(spelt, 1)]
        outcomes = read_many(world.broker(), wanted, world.folder)
        assert not [one for one in outcomes if isinstance(one, OcibrokerError)]
        assert world.charts.paths.count("/stable/index.yaml") == 1

    def test_share_no_index_that_another_signature_opened(self, world: World) -> None:
        stock(world.charts, [chart("app1", "1.0.0"), chart("app2", "1.0.0")], "/stable")
        wanted = [source(name=f"app{n}", repository=f"{REPOSITORY}?sig={n}") for n in (1, 2)]
        read_many(world.broker(), wanted, world.folder)
        assert world.charts.paths.count("/stable/index.yaml") == 2

    def test_share_no_index_with_another_run(self, world: World) -> None:
        stock(world.charts, [APP], "/stable")
        world.read(source())
        world.charts.guarded["/"] = ("alice", world.password)
        broker = world.broker(rule("other.test"))
        (outcome,) = read_many(broker, [source()], world.folder / "again")
        assert isinstance(outcome, CredentialWithheld)

    def test_of_a_repository_that_fails_each_say_so(self, world: World) -> None:
        world.charts.answers["/stable/index.yaml"] = CannedResponse(404)
        outcomes = read_many(world.broker(), [source(name=f"app{n}") for n in range(10)], world.folder)
        assert {type(one) for one in outcomes} == {NotFound}
        assert len({id(one) for one in outcomes}) == 10
        assert world.charts.paths.count("/stable/index.yaml") == 1


class TestTheIndex:
    @pytest.mark.parametrize(
        "content",
        [
            b"[" * 1_000_000,
            b"entries: &a {app: *a}",
            b"<html>Please log in</html>",
            b"\x1f\x8b\x08\x00",
        ],
        ids=["deep", "of itself", "a page", "compressed"],
    )
    def test_that_is_evil_or_none_is_refused(self, world: World, content: bytes) -> None:
        world.charts.files["/stable/index.yaml"] = content
        with pytest.raises(IntegrityError) as raised:
            world.read(source())
        assert raised.value.culprit == f"{REPOSITORY}/index.yaml"
        assert world.everything == []

    def test_that_has_no_end_is_left(self, world: World) -> None:
        world.charts.files["/stable/index.yaml"] = b"#" * (64 * 1024**2 + 1)
        with pytest.raises(IntegrityError, match="is longer than 67108864 bytes"):
            world.read(source())
        assert world.everything == []

    def test_is_not_shown_by_an_error(self, world: World) -> None:
        world.charts.files["/stable/index.yaml"] = b"entries: {c0ffee: [c0ffee\n"
        with pytest.raises(IntegrityError) as raised:
            world.read(source())
        assert "c0ffee" not in str(raised.value)


def test_pre_releases_are_for_who_asks_for_them(world: World) -> None:
    stock(world.charts, versions("1.0.0", "2.0.0-rc.1"), "/stable")
    bundle = world.read(replace(source(), devel=True))
    assert bundle.chart is not None
    assert bundle.chart.version == "2.0.0-rc.1"
