"""The index of an image layout, which may be somebody else's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.errors import IntegrityError, WriteFailed
from ocibroker.oci import Descriptor, Digest, Wish, layout
from ocibroker.oci.layout import REF_NAME
from ocibroker.oci.media_type import OCI_MANIFEST
from tests.oci.shop import Shop
from tests.oci.stock import Artifact, Blob, artifact, image, index

ENTRY = Descriptor(media_type=OCI_MANIFEST, digest=Digest.sha256(b"entry"), size=5)
STRANGE: list[object] = [
    5,
    None,
    "text",
    [],
    {},
    {"annotations": None},
    {"annotations": []},
    {"annotations": "text"},
    {"annotations": {REF_NAME: 5}},
    {"annotations": {REF_NAME: None}},
    {"digest": 10**40},
]


def listed(path: Path, name: str = "1") -> list[Any]:
    found: list[Any] = json.loads(layout.index(path, ENTRY, name))["manifests"]
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index.json"


@pytest.mark.parametrize("strange", STRANGE, ids=repr)
@pytest.mark.parametrize("name", ["", "1"])
def test_an_entry_that_is_none_of_ours_stays_as_it_is(path: Path, strange: object, name: str) -> None:
    path.write_text(json.dumps({"manifests": [strange]}))
    first, second = listed(path, name)
    assert (first, second["digest"]) == (strange, str(ENTRY.digest))


@pytest.mark.parametrize(
    "content", [b"[" * 100_000, b"{" * 100_000, b'{"manifests":' + b"[" * 100_000, b"\xff\xfe"]
)
def test_what_is_no_index_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(WriteFailed, match="no index of an image layout"):
        listed(path)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5))
def test_a_name_is_listed_once_whatever_it_is(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    path = tmp_path_factory.mktemp("layout") / "index.json"
    for name in names:
        path.write_bytes(layout.index(path, ENTRY, name))
    found = json.loads(path.read_bytes())["manifests"]
    assert sorted(one.get("annotations", {}).get(REF_NAME, "") for one in found) == sorted(set(names))


@pytest.mark.parametrize("wish", [Wish(), Wish(as_layout=True)])
def test_a_folder_that_is_something_else_is_refused_before_anything_is_fetched(shop: Shop, wish: Wish) -> None:
    place = shop.folder / "app" / "index.json"
    place.parent.mkdir(parents=True)
    place.write_text("{}")
    reference = shop.push(image(b"layer"))
    with pytest.raises(WriteFailed):
        shop.pull(reference, wish)
    assert shop.everything == {"app/index.json": b"{}"}
    assert [one.path for one in shop.registry.requests if "/blobs/" in one.path] == []


def test_an_index_of_more_than_anybody_needs_is_refused_before_they_are_fetched(shop: Shop) -> None:
    many = {f"linux/{number}": artifact(Blob(b"%d" % number)) for number in range(layout.MOST)}
    with pytest.raises(IntegrityError, match="names more than"):
        shop.pull(shop.push(index(many)))
    assert manifests(shop) <= 2


def test_manifests_that_are_large_together_are_refused(shop: Shop) -> None:
    padding = b" " * 4_000_000
    many = [artifact(Blob(b"%d" % number)) for number in range(30)]
    large = {f"linux/{number}": Artifact(one.manifest + padding) for number, one in enumerate(many)}
    for tag, one in large.items():
        shop.push(one, tag.replace("/", "-"))
    with pytest.raises(IntegrityError, match="names more than"):
        shop.pull(shop.push(index(large)))
    assert manifests(shop) < len(large)


def manifests(shop: Shop) -> int:
    """How many were asked for."""
    return len([one for one in shop.registry.requests if "/manifests/" in one.path])
