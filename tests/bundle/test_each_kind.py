"""Who gets a credential, for the kinds of sources that the other modules do not show it for; and Fleet's holes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ocibroker import Broker
from ocibroker.bundle import ChartSource, Link, Terms, Wanted, read, read_many
from ocibroker.errors import ConfigurationError, CredentialWithheld, NotFound, OcibrokerError
from ocibroker.testing import CannedResponse, EmbeddedRegistry
from tests.bundle.forge import Forge
from tests.bundle.git_history import Work
from tests.bundle.helm_site import beside, entry, index, push, versions
from tests.bundle.world import CHARTS, LOOKALIKES, World
from tests.kubernetes.mounts import entry as for_one
from tests.kubernetes.mounts import for_paths, mounted
from tests.kubernetes.mounts import rule as fleet_rule
from tests.oci.stock import Blob, artifact
from tests.transport.brokers import rule
from tests.transport.canary import Canary

KINDS = {
    "oci": "oci://{}/team/app:1.0.0",
    "archive": "https://{}/team/app.tgz",
    "git": "git::https://{}/team/app.git",
}


def source(kind: str, host: str) -> str | ChartSource:
    if kind == "chart":
        return ChartSource(Link.parse(f"https://{host}/team"), "app")
    return KINDS[kind].format(host)


def at_home(world: World, *rules: str) -> Broker:
    """A broker that finds git."""
    return world.desk.broker("\n".join(rules), environ={"PATH": os.environ["PATH"]}, route=world.route)


@pytest.mark.acceptance(20, 21)
@pytest.mark.parametrize("kind", [*KINDS, "chart"])
@pytest.mark.parametrize("host", [*LOOKALIKES, f"{CHARTS}:8443"])
def test_f_another_host_gets_nothing_whatever_is_read_there(world: World, kind: str, host: str) -> None:
    """Fleet's client for registries answers every host with what it has for one."""
    world.spy.guarded["/"] = ("alice", world.password)
    with pytest.raises(CredentialWithheld):
        world.read(source(kind, host), at_home(world, rule(CHARTS, password=world.password)))
    assert world.spy.paths
    assert world.spy.hits(world.canary) == []


@pytest.mark.acceptance(22)
@pytest.mark.parametrize("kind", [*KINDS, "chart"])
def test_each_path_has_its_own_account_whatever_is_read_there(world: World, kind: str) -> None:
    rules = [
        rule(CHARTS, password=world.password),
        rule(f"{CHARTS}/team", password="teams-own").replace("alice", "team"),
        rule(f"{CHARTS}/tea", password=world.password),
    ]
    for path in ("/", "/v2/"):
        world.charts.guarded[path] = ("team", "teams-own")
    with pytest.raises(NotFound):
        world.read(source(kind, CHARTS), at_home(world, *rules))
    assert {one for path in world.charts.paths for one in world.charts.credentials(path)} == {"team:teams-own"}


@pytest.mark.acceptance(23, 24, 28)
def test_f_a_registrys_blob_elsewhere_gets_no_credential_also_where_it_is_asked_for(
    world: World, registry: EmbeddedRegistry
) -> None:
    blob = Blob(b"one", "one")
    stocked = artifact(blob)
    registry.push("team/app", "1", stocked.manifest, stocked.media_type, stocked.blobs)
    moved = CannedResponse(302, {"Location": "https://evil.test/blob"})
    registry.responses[f"/v2/team/app/blobs/{blob.digest}"] = moved
    world.spy.guarded["/"] = ("bob", "bobs-own")
    own = rule(registry.address, password="bobs-own").replace("alice", "bob")
    with pytest.raises(OcibrokerError):
        read(beside(world, registry, own), f"oci://{registry.address}/team/app:1", world.folder)
    assert set(world.spy.paths) == {"/blob"}
    assert world.spy.hits(Canary("bobs-own")) == []


@pytest.mark.acceptance(24, 28)
def test_a_chart_that_is_redirected_elsewhere_gets_no_credential_also_where_it_is_asked_for(world: World) -> None:
    world.charts.guarded["/"] = ("alice", world.password)
    world.charts.files["/team/index.yaml"] = index(entry("1.0.0", "app.tgz"))
    world.charts.redirect("/team/app.tgz", "https://evil.test/app.tgz")
    world.spy.guarded["/"] = ("alice", world.password)
    with pytest.raises(CredentialWithheld, match="none goes where a redirect leads"):
        world.read(source("chart", CHARTS), world.broker(rule(CHARTS, password=world.password), rule("evil.test")))
    assert (world.spy.paths, world.spy.hits(world.canary)) == (["/app.tgz"], [])


@pytest.mark.e2e
@pytest.mark.acceptance(27)
def test_what_a_chart_in_git_depends_on_gets_the_credential_of_its_own_registry(
    here: Forge, registry: EmbeddedRegistry, tmp_path: Path
) -> None:
    (common,) = versions("1.0.0", name="common")
    push(registry, common)
    wanted = {"name": "common", "version": "1.0.0", "repository": f"oci://{registry.address}/charts"}
    work = Work.begun(tmp_path / "work")
    work.commit({"Chart.yaml": json.dumps({"name": "app", "version": "1.0.0", "dependencies": [wanted]})})
    here.git.publish("private/app", work.folder)
    own = rule(registry.address, password="bobs-own").replace("alice", "bob")
    bundle = here.read(here.url("private/app"), here.broker(here.rule(), own))
    assert (bundle.root / "charts" / "common-1.0.0.tgz").read_bytes() == common.layer
    assert here.canary.hits(repr(registry.requests.take())) == []
    assert [hit for one in here.running.requests for hit in Canary("bobs-own").hits(repr(one))] == []


class TestASecretOfFleets:
    """(c) and (d): two ways by which Fleet sends a secret's password to every host, or to none."""

    def test_c_is_for_no_host_until_a_rule_names_one(self, world: World, tmp_path: Path) -> None:
        """HelmOps knows no condition at all."""
        folder = mounted(tmp_path / "helm", {"username": "alice", "password": world.password})
        with pytest.raises(ConfigurationError, match="match"):
            world.broker(fleet_rule("x", f'fleet_secret = "{folder}"').replace('match = "x"\n', ""))

    @pytest.mark.acceptance(20, 21)
    @pytest.mark.parametrize("kind", [*KINDS, "chart"])
    def test_c_goes_to_no_other_host(self, world: World, tmp_path: Path, kind: str) -> None:
        folder = mounted(tmp_path / "helm", {"username": "alice", "password": world.password})
        world.spy.guarded["/"] = ("alice", world.password)
        with pytest.raises(CredentialWithheld):
            world.read(source(kind, "evil.test"), at_home(world, fleet_rule(CHARTS, f'fleet_secret = "{folder}"')))
        assert world.spy.paths
        assert world.spy.hits(world.canary) == []

    @pytest.mark.acceptance(20, 22)
    def test_d_for_paths_is_sent_to_the_host_of_its_rule_and_to_no_other(
        self, world: World, tmp_path: Path
    ) -> None:
        """Fleet loses the condition on its way, and sends nothing anywhere."""
        text = for_paths({"apps/one": for_one(username="alice", password=world.password)})
        folder = mounted(tmp_path / "paths", {"secrets-path.yaml": text})
        world.charts.guarded["/"] = world.spy.guarded["/"] = ("alice", world.password)
        world.charts.files["/x.txt"] = world.spy.files["/y.txt"] = b"x"
        wanted = [
            Wanted(url, fleet_path="apps/one") for url in (f"https://{CHARTS}/x.txt", "https://evil.test/y.txt")
        ]
        broker = world.broker(fleet_rule(CHARTS, f'fleet_secret = "{folder}"'))
        read_there, withheld = read_many(broker, wanted, world.folder, Terms())
        assert not isinstance(read_there, OcibrokerError)
        assert isinstance(withheld, CredentialWithheld)
        assert (world.spy.paths, world.spy.hits(world.canary)) == (["/y.txt"], [])
