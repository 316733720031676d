"""A manifest is checked before anything of it is believed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ocibroker.errors import IntegrityError, OcibrokerError, RegistryRefused
from ocibroker.oci import Digest, Manifest, Reference, Repository
from ocibroker.oci.media_type import DOCKER_INDEX, DOCKER_MANIFEST, INDEXES, MANIFESTS, OCI_INDEX, OCI_MANIFEST
from ocibroker.testing import CannedResponse
from tests.oci.shop import Shop
from tests.oci.stock import Blob, artifact, digest, index

LAYER = Blob(b"layer", "file").descriptor
ANY_DIGEST = Digest.sha256(b"")


def said(**changes: Any) -> bytes:  # noqa: ANN401
    """A good manifest, changed."""
    return json.dumps(json.loads(artifact(Blob(b"layer", "file")).manifest) | changes).encode()


def listed(**changes: Any) -> bytes:  # noqa: ANN401
    """A good index, changed."""
    return json.dumps(json.loads(index({"linux/amd64": artifact()}).manifest) | changes).encode()


def layer(**changes: Any) -> bytes:  # noqa: ANN401
    return said(layers=[LAYER | changes])


MALFORMED = {
    "nothing": (b"", OCI_MANIFEST),
    "no JSON": (b"<html>", OCI_MANIFEST),
    "half of it": (said()[:-20], OCI_MANIFEST),
    "not UTF-8": (said().replace(b"file", b"fi\xff\xfe"), OCI_MANIFEST),
    "UTF-16": (said().decode().encode("utf-16"), OCI_MANIFEST),
    "a list": (b"[]", OCI_MANIFEST),
    "null": (b"null", OCI_MANIFEST),
    "deep nesting": (b'{"x":' * 100_000 + b"1" + b"}" * 100_000, OCI_MANIFEST),
    "deep lists": (b"[" * 1_000_000, OCI_MANIFEST),
    "schema 1 by its number": (b'{"schemaVersion": 1, "fsLayers": []}', ""),
    "schema 1 by its layers": (said(fsLayers=[{"blobSum": str(ANY_DIGEST)}]), OCI_MANIFEST),
    "schema 1 by its type": (b"{}", "application/vnd.docker.distribution.manifest.v1+prettyjws"),
    "an index with layers": (listed(layers=[LAYER]), OCI_INDEX),
    "an index with a config": (listed(config=LAYER), OCI_INDEX),
    "a manifest with manifests": (said(manifests=[LAYER]), OCI_MANIFEST),
    "a manifest that is sent as an index": (said(), OCI_INDEX),
    "an index that is sent as a manifest": (listed(), DOCKER_MANIFEST),
    "an unknown type": (said(mediaType="application/vnd.example"), "application/vnd.example"),
    "no type at all": (b'{"schemaVersion": 2}', ""),
    "a negative size": (layer(size=-1), OCI_MANIFEST),
    "an absurd size": (layer(size=1 << 63), OCI_MANIFEST),
    "a larger size than any integer": (layer(size=10**400), OCI_MANIFEST),
    "a size that is text": (layer(size="5"), OCI_MANIFEST),
    "a size that is a fraction": (layer(size=5.5), OCI_MANIFEST),
    "a size that is true": (layer(size=True), OCI_MANIFEST),
    "no size": (said(layers=[{"mediaType": "x", "digest": digest(b"")}]), OCI_MANIFEST),
    "no digest": (layer(digest=""), OCI_MANIFEST),
    "a short digest": (layer(digest="sha256:00"), OCI_MANIFEST),
    "a digest in capitals": (layer(digest="sha256:" + "A" * 64), OCI_MANIFEST),
    "a digest with a path": (layer(digest="sha256:../../../../etc/passwd"), OCI_MANIFEST),
    "a digest by a weak algorithm": (layer(digest="md5:" + "0" * 32), OCI_MANIFEST),
    "layers that are no list": (said(layers={"0": LAYER}), OCI_MANIFEST),
    "a title that is no text": (layer(annotations={"org.opencontainers.image.title": 5}), OCI_MANIFEST),
    "URLs that are no list": (layer(urls="https://elsewhere.test"), OCI_MANIFEST),
}


@pytest.mark.parametrize(("content", "media_type"), MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_malformed_is_refused_under_the_name_that_was_asked_for(content: bytes, media_type: str) -> None:
    with pytest.raises(IntegrityError) as caught:
        Manifest.decode(content, media_type, ANY_DIGEST, culprit="registry.test/app:1")
    assert caught.value.culprit == "registry.test/app:1"


@pytest.mark.parametrize(
    ("content", "sent"),
    [
        (said(), OCI_MANIFEST),
        (said(), ""),
        (said(), "application/json"),
        (said(), "application/octet-stream"),
        (said(mediaType=""), OCI_MANIFEST),
        (said(mediaType=DOCKER_MANIFEST), DOCKER_MANIFEST),
        (said(manifests=None), OCI_MANIFEST),
        (listed(), OCI_INDEX),
        (listed(mediaType=DOCKER_INDEX), DOCKER_INDEX),
        (listed(layers=None), OCI_INDEX),
    ],
)
def test_what_registries_really_send_is_read(content: bytes, sent: str) -> None:
    manifest = Manifest.decode(content, sent, Digest.sha256(content), culprit="x")
    assert manifest.is_index == (manifest.media_type in INDEXES) != (manifest.media_type in MANIFESTS)
    assert len(manifest.manifests if manifest.is_index else manifest.layers) == 1
    assert manifest.descriptor.size == len(content)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
KEYS = ("schemaVersion", "mediaType", "config", "layers", "manifests", "fsLayers")
documents = st.dictionaries(st.sampled_from(KEYS), json_values | st.just(LAYER) | st.just([LAYER])).map(
    lambda document: json.dumps(document).encode()
)


@given(st.binary() | documents, st.sampled_from([*MANIFESTS, *INDEXES, ""]))
@example(b'{"layers": [{"mediaType": "x", "digest": "sha256:00", "size": 1}]}', OCI_MANIFEST)
def test_whatever_comes_it_is_a_manifest_or_an_integrity_error(content: bytes, media_type: str) -> None:
    try:
        manifest = Manifest.decode(content, media_type, ANY_DIGEST, culprit="x")
    except IntegrityError:
        return
    assert bool(manifest.manifests) <= manifest.is_index
    assert not (manifest.manifests and manifest.blobs)


class TestFromARegistry:
    @pytest.fixture
    def reference(self, shop: Shop) -> str:
        return shop.push(artifact(Blob(b"layer", "file")))

    @pytest.mark.parametrize(
        "header",
        ["sha256:" + "0" * 64, "sha256:00", "nonsense", "md5:" + "0" * 32],
        ids=["wrong", "short", "none", "weak"],
    )
    def test_a_digest_that_the_answer_names_must_hold(self, shop: Shop, reference: str, header: str) -> None:
        answer = CannedResponse(200, {"Content-Type": OCI_MANIFEST, "Docker-Content-Digest": header}, said())
        shop.registry.responses["/v2/team/app/manifests/1"] = answer
        with pytest.raises(IntegrityError) as caught:
            shop.pull(reference)
        assert caught.value.culprit == reference

    def test_a_digest_that_was_asked_for_must_hold(self, shop: Shop, reference: str) -> None:
        pinned = f"{reference}@{digest(b'other')}"
        answer = CannedResponse(200, {"Content-Type": OCI_MANIFEST}, said())
        shop.registry.responses[f"/v2/team/app/manifests/{digest(b'other')}"] = answer
        with pytest.raises(IntegrityError, match="not what its digest says"):
            shop.pull(pinned)

    def test_one_that_never_ends_is_not_read_to_its_end(self, shop: Shop, reference: str) -> None:
        body = b'{"x": "' + b"x" * (5 * 1024 * 1024)
        shop.registry.responses["/v2/team/app/manifests/1"] = CannedResponse(200, {}, body)
        with pytest.raises(IntegrityError, match="longer than"):
            shop.pull(reference)

    def test_any_version_of_it_can_be_pinned(self, shop: Shop, reference: str) -> None:
        pinned = artifact(Blob(b"layer", "file")).digest
        shop.push(artifact(Blob(b"newer", "file")))
        pulled = shop.pull(f"{reference}@{pinned}")
        assert (shop.files, str(pulled.reference.digest)) == ({"file": b"layer"}, pinned)

    @pytest.mark.parametrize(
        "body",
        [b"", b"[]", b'{"tags": [1]}', b'{"tags": "x"}', b'{"x":' * 100_000, b"\xff\xfe"],
        ids=["nothing", "list", "numbers", "text", "deep", "bytes"],
    )
    def test_a_malformed_list_of_tags_is_refused(self, shop: Shop, reference: str, body: bytes) -> None:
        shop.registry.responses["/v2/team/app/tags/list"] = CannedResponse(200, {}, body)
        with pytest.raises(IntegrityError, match="list of tags"):
            tags(shop, reference)

    @pytest.mark.parametrize(
        "link",
        [
            '<http://[::1>; rel="next"',
            '<https://a:b@:99999/>; rel="next"',
            '<//[>; rel="next"',
            '<https://elsewhere.test/v2/>; rel="next"',
            '<http://registry.test/v2/>; rel="next"',
            '</v2/team/app/tags/list>; rel="next"',
        ],
    )
    def test_a_bad_next_page_is_an_error_of_ours(self, shop: Shop, reference: str, link: str) -> None:
        answer = CannedResponse.of_json({"tags": ["1"]}, headers={"Link": link})
        shop.registry.responses["/v2/team/app/tags/list"] = answer
        with pytest.raises(OcibrokerError):
            tags(shop, reference)
        assert len(shop.registry.requests) < 10

    @pytest.mark.parametrize("status", [401, 403, 404, 500])
    def test_a_refusal_is_not_a_manifest(self, shop: Shop, reference: str, status: int) -> None:
        shop.registry.responses["/v2/team/app/manifests/1"] = CannedResponse(status, {}, said())
        with pytest.raises(OcibrokerError) as caught:
            shop.pull(reference)
        assert isinstance(caught.value, RegistryRefused) == (status < 500)


def tags(shop: Shop, reference: str) -> list[str]:
    with Repository(shop.broker.access(Reference.parse(reference).target)) as repository:
        return list(repository.tags())
