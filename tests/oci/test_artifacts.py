"""What becomes of an artifact: a chart's archive, named files, an image layout."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ocibroker.errors import IntegrityError, NotFound, OcibrokerError, UsageError, WriteFailed
from ocibroker.oci import Platform, Pulled, Wish, pull_many
from ocibroker.oci.media_type import HELM_CHART, HELM_CONFIG, HELM_PROVENANCE
from ocibroker.testing import chart
from tests.oci.shop import Shop
from tests.oci.stock import Artifact, Blob, artifact, digest, image, index, noise

ARCHIVE = Blob(b"archive", media_type=HELM_CHART)
PROVENANCE = Blob(b"provenance", media_type=HELM_PROVENANCE)
MANY = {"linux/amd64": image(b"amd64"), "linux/arm64/v8": image(b"arm64", architecture="arm64")}
REF_NAME = "org.opencontainers.image.ref.name"


def packaged(metadata: object, *layers: Blob) -> Artifact:
    content = metadata if isinstance(metadata, bytes) else json.dumps(metadata).encode()
    return artifact(*layers, config=Blob(content, media_type=HELM_CONFIG))


def push_index(shop: Shop, images: dict[str, Artifact], tag: str = "1", repository: str = "team/app") -> str:
    for number, one in enumerate(images.values()):
        shop.push(one, f"{tag}-{number}", repository)
    return shop.push(index(images), tag, repository)


class TestCharts:
    METADATA = {"apiVersion": "v2", "name": "app", "version": "1.2.3+build"}  # noqa: RUF012

    @pytest.mark.parametrize(
        ("reference", "name"),
        [
            ("charts/elsewhere:1.2.3", "elsewhere-1.2.3.tgz"),
            ("charts/elsewhere:1.2.3_build.5", "elsewhere-1.2.3+build.5.tgz"),
            ("charts/elsewhere:stable", "app-1.2.3.tgz"),
            ("charts/elsewhere@{digest}", "app-1.2.3.tgz"),
            ("charts/elsewhere:1.2.4@{digest}", "elsewhere-1.2.4.tgz"),
        ],
    )
    def test_it_is_called_by_repository_and_version_else_as_its_metadata_say(
        self, shop: Shop, reference: str, name: str
    ) -> None:
        app = chart("app", "1.2.3")
        for tag in ("1.2.3", "1.2.3_build.5", "stable"):
            shop.push(Artifact(app.manifest, blobs=app.blobs), tag, "charts/elsewhere")
        pulled = shop.pull(f"{shop.registry.address}/{reference.format(digest=app.digest)}")
        assert (shop.everything, pulled.files) == ({name: app.layer}, (shop.folder / name,))
        assert (str(pulled.reference.digest), pulled.unnamed) == (app.digest, ())

    def test_a_version_needs_no_metadata(self, shop: Shop) -> None:
        app = chart("app", "1.2.3")
        shop.pull(shop.push(Artifact(app.manifest, blobs=app.blobs), app.tag, "charts/app"))
        assert shop.ranges(app.config) == []

    def test_its_provenance_lies_beside_it(self, shop: Shop) -> None:
        shop.pull(shop.push(packaged(self.METADATA, PROVENANCE, ARCHIVE)))
        assert shop.everything == {
            "app-1.2.3+build.tgz": ARCHIVE.content,
            "app-1.2.3+build.tgz.prov": PROVENANCE.content,
        }

    @pytest.mark.parametrize(
        "metadata",
        [
            b"",
            b"name: app",
            [],
            {},
            {"name": "app"},
            {"name": 5, "version": "1"},
            b'{"x":' * 100_000,
            b"\xff",
        ],
        ids=lambda metadata: repr(metadata)[:20],
    )
    def test_a_config_that_is_no_metadata_is_refused(self, shop: Shop, metadata: object) -> None:
        with pytest.raises(IntegrityError, match="not a chart's metadata"):
            shop.pull(shop.push(packaged(metadata, ARCHIVE)))

    @pytest.mark.parametrize(
        ("name", "version"),
        [("../../x", "1"), ("x", "../1"), ("/x", "1"), ("x\\y", "1"), ("x\n", "1"), ("x" * 300, "1")],
    )
    def test_a_name_that_leads_elsewhere_is_refused(self, shop: Shop, name: str, version: str) -> None:
        with pytest.raises(IntegrityError, match="names a file"):
            shop.pull(shop.push(packaged({"name": name, "version": version}, ARCHIVE)))
        assert shop.everything == {}

    @pytest.mark.parametrize("layers", [(), (PROVENANCE,), (ARCHIVE, Blob(b"another", media_type=HELM_CHART))])
    def test_one_without_one_archive_is_refused(self, shop: Shop, layers: tuple[Blob, ...]) -> None:
        with pytest.raises(IntegrityError, match="a chart with"):
            shop.pull(shop.push(packaged(self.METADATA, *layers)))

    def test_a_config_that_is_larger_than_any_metadata_is_not_fetched(self, shop: Shop) -> None:
        config = Blob(b"{}", media_type=HELM_CONFIG, says=(("size", 1 << 30),))
        with pytest.raises(IntegrityError, match="larger than"):
            shop.pull(shop.push(artifact(ARCHIVE, config=config)))

    @pytest.mark.parametrize(
        ("version", "found"), [("^1", "1.3.0"), ("1.2.3", "1.2.3"), ("*", "2.0.0"), ("<1.3", "1.2.3")]
    )
    def test_a_range_finds_the_highest_version_of_it(self, shop: Shop, version: str, found: str) -> None:
        for one in ("1.2.3", "1.3.0", "2.0.0", "3.0.0-rc.1"):
            app = chart("app", one)
            shop.push(Artifact(app.manifest, blobs=app.blobs), app.tag, "charts/app")
        pulled = shop.pull(f"oci://{shop.registry.address}/charts/app", Wish(version=version))
        assert (pulled.reference.tag, list(shop.files)) == (found, [f"app-{found}.tgz"])

    def test_a_version_and_a_tag_are_one_too_many(self, shop: Shop) -> None:
        with pytest.raises(UsageError, match="names a version twice"):
            shop.pull(f"{shop.registry.address}/charts/app:1", Wish(version="^1"))

    def test_without_tag_and_version_a_missing_latest_says_what_to_do(self, shop: Shop) -> None:
        app = chart("app", "1.2.3")
        shop.push(Artifact(app.manifest, blobs=app.blobs), app.tag, "charts/tagged")
        with pytest.raises(NotFound, match="--version") as caught:
            shop.pull(f"{shop.registry.address}/charts/tagged")
        assert caught.value.culprit.endswith(":latest")


class TestTitles:
    def test_layers_with_a_title_become_files_and_the_others_are_told(self, shop: Shop) -> None:
        nameless = Blob(b"nameless")
        pulled = shop.pull(shop.push(artifact(Blob(b"one", "one"), nameless, Blob(b"two", "two"))))
        assert shop.everything == {"one": b"one", "two": b"two"}
        assert [str(layer.digest) for layer in pulled.unnamed] == [nameless.digest]
        assert pulled.files == (shop.folder / "one", shop.folder / "two")

    def test_a_layout_has_all_of_them(self, shop: Shop) -> None:
        stocked = artifact(Blob(b"one", "one"), Blob(b"nameless"))
        shop.pull(shop.push(stocked), Wish(as_layout=True))
        assert set(blobs(shop.folder / "app")) == {stocked.digest, *map(digest, stocked.blobs)}


class TestLayouts:
    def test_an_image_is_one(self, shop: Shop) -> None:
        stocked = image(b"one", b"two")
        pulled = shop.pull(shop.push(stocked, "1.0"))
        (entry,) = entries(shop.folder / "app")
        assert pulled.files == (shop.folder / "app",)
        assert json.loads((shop.folder / "app" / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
        assert entry == stocked.entry() | {"annotations": {REF_NAME: "1.0"}}
        assert blobs(shop.folder / "app") == {digest(one): one for one in (stocked.manifest, *stocked.blobs)}
        assert shop.partials == {}

    def test_an_index_brings_every_platform(self, shop: Shop) -> None:
        shop.pull(push_index(shop, MANY))
        found = blobs(shop.folder / "app")
        assert {one.digest for one in MANY.values()} | {index(MANY).digest} <= set(found)
        assert {digest(b"amd64"), digest(b"arm64")} <= set(found)
        assert [entry["digest"] for entry in entries(shop.folder / "app")] == [index(MANY).digest]

    @pytest.mark.parametrize("wanted", [Platform("linux", "arm64"), Platform("linux", "arm64", "v8")])
    def test_one_platform_is_taken_alone(self, shop: Shop, wanted: Platform) -> None:
        pulled = shop.pull(push_index(shop, MANY), Wish(platform=wanted))
        chosen = MANY["linux/arm64/v8"]
        assert set(blobs(shop.folder / "app")) == {chosen.digest, *map(digest, chosen.blobs)}
        assert str(pulled.reference.digest) == chosen.digest

    @pytest.mark.parametrize(
        "wanted", [Platform("linux", "s390x"), Platform("windows", "amd64"), Platform("linux", "arm64", "v7")]
    )
    def test_a_platform_that_is_not_there_says_which_are(self, shop: Shop, wanted: Platform) -> None:
        with pytest.raises(NotFound, match="linux/amd64, linux/arm64/v8"):
            shop.pull(push_index(shop, MANY), Wish(platform=wanted))

    def test_one_by_digest_has_no_name_and_is_listed_once(self, shop: Shop) -> None:
        stocked = image(b"one")
        pinned = f"{shop.push(stocked).removesuffix(':1')}@{stocked.digest}"
        shop.pull(pinned)
        shop.pull(pinned)
        assert entries(shop.folder / "app") == [stocked.entry()]

    def test_a_second_tag_joins_the_first_and_shares_its_blobs(self, shop: Shop) -> None:
        base = noise(500, "base")
        shop.pull(shop.push(image(base, b"one"), "1"))
        shop.registry.requests.take()
        shop.pull(shop.push(image(base, b"two"), "2"))
        assert [entry["annotations"][REF_NAME] for entry in entries(shop.folder / "app")] == ["1", "2"]
        assert shop.ranges(base) == []

    def test_a_tag_that_has_moved_is_replaced(self, shop: Shop) -> None:
        shop.pull(shop.push(image(b"old")))
        shop.pull(shop.push(image(b"new")))
        assert [entry["digest"] for entry in entries(shop.folder / "app")] == [image(b"new").digest]

    def test_what_somebody_else_has_listed_stays(self, shop: Shop) -> None:
        shop.pull(shop.push(image(b"one")))
        path = shop.folder / "app" / "index.json"
        theirs = json.loads(path.read_text()) | {"annotations": {"their": "note"}}
        theirs["manifests"].append({"mediaType": "x", "digest": "y", "size": 1})
        path.write_text(json.dumps(theirs))
        shop.pull(shop.push(image(b"two"), "2"))
        document = json.loads(path.read_text())
        assert (document["annotations"], document["manifests"][1]["digest"]) == ({"their": "note"}, "y")
        assert len(document["manifests"]) == 3

    @pytest.mark.parametrize("content", ["", "[]", "{}", '{"manifests": {}}', "no JSON"])
    def test_a_folder_with_another_index_is_refused(self, shop: Shop, content: str) -> None:
        path = shop.folder / "app" / "index.json"
        path.parent.mkdir(parents=True)
        path.write_text(content)
        with pytest.raises(WriteFailed, match="no index of an image layout") as caught:
            shop.pull(shop.push(image(b"one")))
        assert (caught.value.culprit, path.read_text()) == (str(path), content)

    def test_an_index_that_names_itself_or_others_twice_ends(self, shop: Shop) -> None:
        inner = index({"linux/amd64": image(b"one"), "linux/386": image(b"one")})
        shop.push(image(b"one"), "image")
        shop.push(inner, "inner")
        shop.pull(shop.push(index({"linux/amd64": inner, "linux/arm64": inner})))
        manifests = [one for one in shop.registry.requests.take() if "/manifests/" in one.path]
        assert len([one for one in manifests if one.status == 200]) == 3


class TestSeveral:
    def test_one_that_fails_stops_no_other_and_the_outcomes_are_in_order(self, shop: Shop) -> None:
        first = shop.push(artifact(Blob(b"one", "one")), "1")
        third = shop.push(artifact(Blob(b"three", "three")), "3")
        missing = f"{shop.registry.address}/team/app:2"
        outcomes = pull_many(shop.broker, [first, missing, third, "nonsense"], shop.folder, halt=shop.halt)
        assert [type(outcome).__name__ for outcome in outcomes] == ["Pulled", "NotFound", "Pulled", "InvalidTarget"]
        assert shop.everything == {"one": b"one", "three": b"three"}

    def test_images_that_share_a_layer_are_complete_each(self, shop: Shop) -> None:
        base = noise(5000, "base")
        references = [shop.push(image(base, name.encode()), "1", f"team/{name}") for name in ("a", "b", "c", "d")]
        outcomes = pull_many(shop.broker, references, shop.folder, halt=shop.halt)
        assert [outcome for outcome in outcomes if isinstance(outcome, OcibrokerError)] == []
        assert all(blobs(shop.folder / name)[digest(base)] == base for name in ("a", "b", "c", "d"))
        assert shop.partials == {}

    def test_tags_of_one_image_share_a_layout_and_none_is_lost(self, shop: Shop) -> None:
        tags = [str(number) for number in range(12)]
        references = [shop.push(image(b"base", tag.encode()), tag) for tag in tags]
        outcomes = pull_many(shop.broker, references, shop.folder, halt=shop.halt)
        assert [outcome for outcome in outcomes if isinstance(outcome, OcibrokerError)] == []
        assert {entry["annotations"][REF_NAME] for entry in entries(shop.folder / "app")} == set(tags)

    def test_the_same_one_twice_is_no_conflict(self, shop: Shop) -> None:
        reference = shop.push(artifact(Blob(b"one", "one")))
        outcomes = pull_many(shop.broker, [reference] * 8, shop.folder, halt=shop.halt)
        assert all(isinstance(outcome, Pulled) for outcome in outcomes)
        assert shop.everything == {"one": b"one"}

    @pytest.mark.parametrize("make", [lambda name: artifact(Blob(name, "file")), image], ids=["files", "layouts"])
    def test_two_that_would_be_in_one_place_are_told_and_none_is_replaced(
        self, shop: Shop, make: Callable[[bytes], Artifact]
    ) -> None:
        references = [shop.push(make(name.encode()), "1", f"{name}/app") for name in ("a", "b")]
        outcomes = pull_many(shop.broker, references, shop.folder, halt=shop.halt)
        (done,) = (outcome for outcome in outcomes if isinstance(outcome, Pulled))
        (refused,) = (outcome for outcome in outcomes if isinstance(outcome, UsageError))
        assert "would replace what this run writes to" in str(refused)
        written = shop.everything
        assert shop.pull(references[outcomes.index(done)]) == done
        assert shop.everything == written

    def test_none_is_none(self, shop: Shop) -> None:
        assert pull_many(shop.broker, [], shop.folder) == ()


def entries(layout: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((layout / "index.json").read_text())["manifests"]
    return found


def blobs(layout: Path) -> dict[str, bytes]:
    """What is in a layout, by digest; each of it is what its name says."""
    found = {f"sha256:{path.name}": path.read_bytes() for path in (layout / "blobs" / "sha256").iterdir()}
    assert all(digest(content) == name for name, content in found.items())
    return found
