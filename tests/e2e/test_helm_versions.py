"""What Helm makes of a wanted version, and what we make of it, in the same registry."""

import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import pytest

from ocibroker.errors import InvalidTarget, NotFound
from ocibroker.oci.version_range import choose, exact
from ocibroker.testing.chart import Chart, chart
from ocibroker.testing.digest import digest_of
from tests.e2e import docker_registry
from tests.e2e.authority import Authority
from tests.e2e.docker_registry import DockerRegistry
from tests.e2e.requirement import loopback
from tests.e2e.workstation import Workstation

pytestmark = pytest.mark.e2e

REPOSITORY: Final = "versions/app"
VERSIONS: Final = (
    "0.0.3",
    "0.9.0",
    "1.0.0",
    "1.0.1",
    "1.2.0-rc.1",
    "1.2.0",
    "1.2.0+build.5",
    "1.10.0",
    "2.0.0-alpha.1",
    "2.0.0",
    "3.0.0-beta.11",
    "3.0.0-beta.2",
)
# Tags that Helm's listing leaves out; one of them is a version if it is read loosely.
OTHER_TAGS: Final = ("latest", "v9.0.0", "1.2")

WANTED: Final = (
    # one version, which is the tag as it is written
    "1.0.0",
    "1.2.0+build.5",
    "1.2.0-rc.1",
    "v9.0.0",
    "v1.0.0",
    "1.2",
    "1",
    "1.2.0+build.6",
    "4.0.0",
    # wildcards and parts
    "*",
    "1.x",
    "1.0.*",
    "=1.2.0",
    "=1",
    "!=2",
    # order
    ">1",
    ">=1.0.0 <1.2.0",
    ">1.0.0, <1.10.0",
    "<1",
    "<=1.2",
    "=<1.0",
    "=> 1.10",
    # tilde and caret
    "~1",
    "~1.0.0",
    "~> 1.2",
    "^1.0.0",
    "^0.9",
    "^0.0.3",
    "^*",
    "~*",
    # both ends, and alternatives
    "1.0 - 1.2",
    "1.0.0 - 1.0.5, !=1.0.1",
    "^5 || ~0.9",
    # pre-releases
    ">=3",
    ">=3.0.0-0",
    "^2.0.0-0",
    ">2.0.0-alpha.1 || >3.0.0-beta.2",
    ">1.0.0, <2.0.0-alpha",
    # none fits, or no range
    ">9",
    "latest",
    "stable",
    "1.2.0_build.5",
    ">=1.0.0<2",
    "1.2.3.4",
    "1,",
    "|| 1",
    " ",
    "=01.x",
    "^1.0.0-01",
    ">=99999999999999999999",
)

# Wanted, ours, and the answer of a Helm whose library, before 3.4, judged pre-releases by each comparison alone
# (https://github.com/Masterminds/semver/pull/267).
CHANGED: Final = (
    ("!=2.0.0", "1.10.0", "3.0.0-beta.11"),
    (">=1.0.0-0 <2.0.0", "2.0.0-alpha.1", "1.10.0"),
)


@dataclass(frozen=True)
class Shelf:
    """The charts of ``VERSIONS`` in a registry."""

    server: DockerRegistry
    bundle: Path
    charts: dict[str, Chart]

    def http(self) -> httpx.Client:
        trust = ssl.create_default_context(cafile=self.bundle)
        return httpx.Client(base_url=f"https://{self.server.local}/v2/{REPOSITORY}", verify=trust, trust_env=False)

    def stock(self) -> None:
        with self.http() as http:
            for tag, one in self.charts.items():
                for blob in one.blobs:
                    digest = digest_of(blob)
                    place = httpx.URL(http.post("/blobs/uploads/").headers["location"])
                    http.put(place.copy_merge_params({"digest": digest}), content=blob).raise_for_status()
                headers = {"Content-Type": one.media_type}
                http.put(f"/manifests/{tag}", content=one.manifest, headers=headers).raise_for_status()

    def tags(self) -> list[str]:
        with self.http() as http:
            listed: list[str] = http.get("/tags/list").json()["tags"]
        return listed


@pytest.fixture(scope="module")
def shelf(registry_open: DockerRegistry, authority: Authority) -> Shelf:
    loopback(docker_registry.NAMES[0])
    charts = {one.tag: one for one in (chart("app", version) for version in VERSIONS)}
    others = {tag: chart("app", f"9.0.{index}") for index, tag in enumerate(OTHER_TAGS)}
    stocked = Shelf(registry_open, authority.bundle, charts | others)
    stocked.stock()
    return stocked


def ours(shelf: Shelf, wanted: str, *, devel: bool = False) -> str | None:
    """Return the digest that we would pull; none where we refuse, or the registry would."""
    try:
        tag = exact(wanted) or choose(wanted, shelf.tags(), devel=devel)
    except (InvalidTarget, NotFound):
        return None
    return shelf.charts[tag].digest if tag in shelf.charts else None


def helms(shelf: Shelf, home: Path, *options: str) -> str | None:
    """Return the digest that Helm pulls; none where it refuses."""
    workstation = Workstation.create(home, settings={}, helpers={})
    address = f"oci://{shelf.server.address}/{REPOSITORY}"
    ended = workstation.run("helm", "pull", address, f"--ca-file={shelf.bundle}", *options)
    if ended.returncode:
        return None
    (digest,) = re.findall(r"Digest: (\S+)", ended.stdout + ended.stderr)
    return str(digest)


@pytest.mark.parametrize("wanted", WANTED)
def test_a_wanted_version_is_the_one_that_helm_pulls(wanted: str, shelf: Shelf, tmp_path: Path) -> None:
    assert ours(shelf, wanted) == helms(shelf, tmp_path, f"--version={wanted}")


@pytest.mark.parametrize(("wanted", "now", "before"), CHANGED)
def test_pre_releases_are_let_in_as_a_newer_helm_does(
    wanted: str, now: str, before: str, shelf: Shelf, tmp_path: Path
) -> None:
    assert ours(shelf, wanted) == shelf.charts[now].digest
    assert helms(shelf, tmp_path, f"--version={wanted}") in {shelf.charts[now].digest, shelf.charts[before].digest}


@pytest.mark.parametrize("wanted", ["", "^1.0.0"])
@pytest.mark.parametrize("devel", [False, True])
def test_devel_lets_pre_releases_in_as_helms_does(
    wanted: str, shelf: Shelf, tmp_path: Path, *, devel: bool
) -> None:
    options = [f"--version={wanted}", *(["--devel"] if devel else [])]
    found = ours(shelf, wanted, devel=devel)
    assert found == helms(shelf, tmp_path, *options)
    assert found == shelf.charts["1.10.0" if wanted else "3.0.0-beta.11" if devel else "2.0.0"].digest
