"""Charts, artifacts and images of registries as bundles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from ocibroker.bundle import Bundle, Chart, Limits, Terms, parse, read
from ocibroker.errors import (
    CredentialWithheld,
    DeadlineExceeded,
    IntegrityError,
    RedirectRefused,
    RegistryRefused,
)
from ocibroker.oci import Wish
from ocibroker.oci.media_type import HELM_CHART, HELM_CONFIG
from ocibroker.testing import Authority, CannedResponse, EmbeddedRegistry
from tests.bundle.packed import Item, file, packed
from tests.oci.shop import HOST, Shop
from tests.oci.stock import Artifact, Blob, artifact, image, noise
from tests.transport.brokers import Desk, rule

ITEMS = [file("app/Chart.yaml", b"name: app"), file("app/templates/x.yaml")]

ARCHIVE = packed(ITEMS)


def chart(version: str = "1.0.0", content: bytes = ARCHIVE) -> Artifact:
    config = Blob(f'{{"name":"app","version":"{version}"}}'.encode(), media_type=HELM_CONFIG)
    return artifact(Blob(content, media_type=HELM_CHART), config=config)


@pytest.fixture
def shop(authority: Authority, tmp_path: Path, roots: Path) -> Iterator[Shop]:
    home = tmp_path / "home"
    home.mkdir()
    desk = Desk(home, roots)
    with EmbeddedRegistry(tls=authority.server_context(HOST), users={"alice": "wonder"}, host=HOST) as registry:
        yield Shop(registry, desk.broker(rule(registry.address)), desk, tmp_path / "out")
    desk.close()


def get(shop: Shop, reference: str, wish: Wish | None = None, terms: Terms | None = None) -> Bundle:
    return read(shop.broker, parse(reference, wish or Wish()), shop.folder, terms or Terms())


class TestCharts:
    def test_a_chart_is_its_folder(self, shop: Shop) -> None:
        shop.push(chart(), "1.0.0", "charts/app")
        bundle = get(shop, f"oci://{shop.registry.address}/charts/app:1.0.0")
        assert (bundle.root, bundle.files) == (shop.folder / "app", ("Chart.yaml", "templates/x.yaml"))
        assert bundle.chart == Chart("app", "1.0.0")
        assert bundle.resolved.startswith(f"oci://{shop.registry.address}/charts/app:1.0.0@sha256:")
        assert set(shop.everything) == {"app/Chart.yaml", "app/templates/x.yaml"}

    def test_of_the_highest_version_in_a_range(self, shop: Shop) -> None:
        for version in ("1.0.0", "1.2.0", "2.0.0", "1.9.0_build"):
            shop.push(chart(version), version, "charts/app")
        bundle = get(shop, f"oci://{shop.registry.address}/charts/app", Wish(version="^1"))
        assert bundle.chart == Chart("app", "1.9.0+build")

    def test_or_stays_the_archive_that_it_came_as(self, shop: Shop) -> None:
        shop.push(chart(), "1.0.0", "charts/app")
        bundle = get(shop, f"oci://{shop.registry.address}/charts/app:1.0.0", terms=Terms(unpack=False))
        assert (bundle.root, bundle.files, bundle.chart) == (
            shop.folder / "app-1.0.0.tgz",
            (),
            Chart("app", "1.0.0"),
        )
        assert shop.everything == {"app-1.0.0.tgz": ARCHIVE}

    @pytest.mark.parametrize("name", ["unpacked", "pulled"])
    def test_its_name_is_its_own_affair(self, shop: Shop, name: str) -> None:
        archive = packed([file(f"{name}/Chart.yaml")])
        shop.push(chart(content=archive), "1.0.0", f"charts/{name}")
        assert get(shop, f"oci://{shop.registry.address}/charts/{name}:1.0.0").root == shop.folder / name

    def test_by_a_digest_too(self, shop: Shop) -> None:
        stocked = chart("3.0.0")
        shop.push(stocked, "3.0.0", "charts/app")
        bundle = get(shop, f"{shop.registry.address}/charts/app@{stocked.digest}")
        assert bundle.chart == Chart("app", "3.0.0")

    BAD: ClassVar[dict[str, list[Item]]] = {
        "two folders": [file("app/Chart.yaml"), file("other/Chart.yaml")],
        "a file beside it": [file("app/Chart.yaml"), file("README")],
        "no metadata": [file("app/values.yaml")],
        "nothing": [],
    }

    @pytest.mark.parametrize("items", BAD.values(), ids=BAD)
    def test_what_is_no_chart_is_refused(self, shop: Shop, items: list[Item]) -> None:
        shop.push(chart(content=packed(items)), "1.0.0", "charts/app")
        with pytest.raises(IntegrityError, match="is no chart: a chart is one folder"):
            get(shop, f"oci://{shop.registry.address}/charts/app:1.0.0")
        assert shop.everything == {}


def test_named_files_lie_in_a_folder(shop: Shop) -> None:
    reference = shop.push(artifact(Blob(b"one", "one.txt"), Blob(b"two", "two.txt")))
    bundle = get(shop, reference)
    assert (bundle.root, bundle.files, bundle.chart) == (shop.folder / "app", ("one.txt", "two.txt"), None)


def test_an_image_is_its_layout(shop: Shop) -> None:
    bundle = get(shop, shop.push(image(b"layer")))
    assert bundle.root == shop.folder / "app"
    assert {"index.json", "oci-layout"} < set(bundle.files)


def test_the_deadline_is_for_all_of_it(shop: Shop) -> None:
    reference = shop.push(artifact(Blob(noise(1000), "noise")))
    with pytest.raises(DeadlineExceeded):
        get(shop, reference, terms=Terms(limits=Limits(seconds=0)))
    assert shop.everything == {}


@pytest.mark.parametrize("stocked", [image(noise(600), noise(600, "two")), artifact(Blob(noise(1200), "noise"))])
def test_more_than_may_be_fetched_is_refused(shop: Shop, stocked: Artifact) -> None:
    with pytest.raises(IntegrityError, match="is longer than 1000 bytes"):
        get(shop, shop.push(stocked), terms=Terms(limits=Limits(fetched=1000)))
    assert shop.everything == {}


@pytest.mark.acceptance(20)
def test_without_a_rule_it_is_said_that_nothing_was_sent(shop: Shop) -> None:
    reference = shop.push(artifact(Blob(b"one", "one")))
    with pytest.raises(
        RegistryRefused, match=r"withheld: asks for a credential \(401\); none was sent: no rule"
    ) as raised:
        read(shop.desk.broker(rule("other.test")), reference, shop.folder)
    assert isinstance(raised.value, CredentialWithheld)
    assert all("authorization" not in request.headers for request in shop.registry.requests)


@pytest.mark.acceptance(24)
def test_a_blob_on_another_host_takes_no_credential_there(shop: Shop) -> None:
    blob = Blob(b"one", "one")
    reference = shop.push(artifact(blob))
    shop.registry.responses[shop.blob_path(blob.content)] = CannedResponse(302, {"Location": "http://evil.test/"})
    with pytest.raises(RedirectRefused, match="from HTTPS to HTTP"):
        get(shop, reference)
