"""What `ocibroker pull` writes is what Helm writes, and what skopeo and podman read."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

import pytest

from ocibroker.testing.chart import chart
from tests.e2e.image import image
from tests.e2e.image_index import image_index
from tests.e2e.puller import Puller
from tests.e2e.served import Served
from tests.e2e.stocked_registry import StockedRegistry

pytestmark = pytest.mark.e2e


@pytest.fixture
def puller(registry: StockedRegistry, tmp_path: Path) -> Puller:
    return Puller.of(registry, tmp_path)


@pytest.fixture(scope="module")
def app(registry: StockedRegistry, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A repository that Helm has stocked."""
    puller = Puller.of(registry, tmp_path_factory.mktemp("helm"))
    for version in ("0.9.0", "1.2.3+build.5"):
        push(puller, version)
    return f"{registry.address}/pulled/app"


@dataclass(frozen=True)
class Kind:
    """How skopeo writes an image into a registry.

    ``tag`` is what stands behind a layout's folder: skopeo and podman find an entry by its name only where it is of
    OCI's own media types.
    """

    name: str
    several: bool
    options: Sequence[str]
    tag: str = ""

    def lay_out(self, folder: Path) -> str:
        return image_index().lay_out(folder) if self.several else image().lay_out(folder)


KINDS = (
    Kind("OCI image", several=False, options=["--preserve-digests"], tag=":1"),
    Kind("OCI index", several=True, options=["--preserve-digests"], tag=":1"),
    Kind("Docker image", several=False, options=["--format=v2s2"]),
    Kind("Docker list", several=True, options=["--format=v2s2"]),
)


class TestCharts:
    @pytest.mark.parametrize("wanted", [["--version=<1"], ["--version=1.2.3+build.5"], []], ids=str)
    def test_the_file_is_the_one_that_helm_writes(self, puller: Puller, app: str, wanted: list[str]) -> None:
        puller.helm("pull", f"oci://{app}", "--destination=helms", *wanted)
        puller.pull(f"oci://{app}", *wanted)
        assert puller.files("ours") == puller.files("helms")

    def test_a_chart_in_a_repository_of_another_name_is_called_as_helm_calls_it(
        self, puller: Puller, app: str
    ) -> None:
        address = puller.registry.address
        trust = [f"--{side}-cert-dir={puller.registry.authority.cert_dir}" for side in ("src", "dest")]
        there = f"docker://{address}/pulled/renamed:0.9.0"
        puller.run("skopeo", "copy", "--preserve-digests", *trust, f"docker://{app}:0.9.0", there)
        puller.helm("pull", f"oci://{address}/pulled/renamed", "--version=0.9.0", "--destination=helms")
        puller.pull(f"{address}/pulled/renamed:0.9.0")
        assert puller.files("ours") == puller.files("helms")

    @pytest.mark.parametrize("reference", ["oci://{app}:1.2.3+build.5", "{app}:1.2.3_build.5"])
    def test_a_version_with_build_metadata_is_in_the_name_as_helm_has_it(
        self, puller: Puller, app: str, reference: str
    ) -> None:
        (path,) = puller.pull(reference.format(app=app))
        assert path.name == "app-1.2.3+build.5.tgz"

    def test_the_provenance_is_the_one_that_helm_writes(self, puller: Puller, app: str) -> None:
        (puller.home / "app.tgz.prov").write_text("signed, some day")
        push(puller, "1.0.0")
        puller.helm("pull", f"oci://{app}", "--destination=helms", "--prov", "--version=1.0.0")
        puller.pull(f"{app}:1.0.0")
        assert puller.files("ours") == puller.files("helms")
        assert len(puller.files("ours")) == 2


class TestImages:
    @pytest.mark.parametrize("kind", KINDS, ids=attrgetter("name"))
    def test_an_image_that_skopeo_copied_in_goes_back_with_the_same_digest(
        self, puller: Puller, tmp_path: Path, kind: Kind
    ) -> None:
        digest = puller.copy(kind.lay_out(tmp_path / "made"), "pulled/image:1", *kind.options)
        (folder,) = puller.pull(f"{puller.registry.address}/pulled/image:1")
        layout = f"oci:{folder}{kind.tag}"
        assert puller.digest(layout) == digest
        assert puller.copy(layout, "pulled/image:back", "--preserve-digests") == digest

    def test_one_platform_of_several(self, puller: Puller, tmp_path: Path) -> None:
        many = image_index()
        puller.copy(many.lay_out(tmp_path / "made"), "pulled/many:1", "--preserve-digests")
        (folder,) = puller.pull("--platform=linux/arm64", f"{puller.registry.address}/pulled/many:1")
        assert puller.digest(f"oci:{folder}:1") == many.images["arm64"].digest
        assert not (folder / "blobs" / "sha256" / many.images["amd64"].digest.partition(":")[2]).exists()

    def test_two_tags_share_a_layout(self, puller: Puller, tmp_path: Path) -> None:
        source = image_index().lay_out(tmp_path / "made")
        one = puller.copy(image().lay_out(tmp_path / "other"), "pulled/two:1", "--preserve-digests")
        two = puller.copy(source, "pulled/two:2", "--preserve-digests")
        name = f"{puller.registry.address}/pulled/two"
        folder, _ = puller.pull(f"{name}:1", f"{name}:2")
        assert [puller.digest(f"oci:{folder}:{tag}") for tag in "12"] == [one, two]

    def test_podman_takes_it_from_the_layout(self, puller: Puller) -> None:
        (folder,) = puller.pull(f"{puller.registry.address}/{puller.registry.image.name}")
        identity = puller.run("podman", "pull", "--quiet", f"oci:{folder}:{puller.registry.image.tag}").stdout
        assert f"sha256:{identity.strip()}" == puller.registry.image.config.digest


def test_without_the_account_nothing_is_pulled(registry: StockedRegistry, puller: Puller, tmp_path: Path) -> None:
    Served.of(registry).configure(tmp_path, password="wrong")
    done = puller.workstation.run("ocibroker", "pull", "-o", "ours", f"{registry.address}/{registry.image.name}")
    assert (done.returncode, done.stdout, puller.files("ours")) == (4, "", {})
    assert done.stderr.count("\n") == 1


def push(puller: Puller, version: str) -> None:
    """Have Helm push a chart, with its provenance file where there is one."""
    (puller.home / "app.tgz").write_bytes(chart("app", version).layer)
    puller.helm("push", "app.tgz", f"oci://{puller.registry.address}/pulled")
