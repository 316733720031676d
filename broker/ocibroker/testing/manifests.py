"""The manifest end points (OCI distribution specification v1.1, end-3, end-7 and end-9)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from ocibroker.testing.digest import digest_of, verified
from ocibroker.testing.distribution_error import DistributionError
from ocibroker.testing.request import Request
from ocibroker.testing.response import CannedResponse
from ocibroker.testing.store import Manifest, Repository, Store

TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")


def read_manifest(store: Store, request: Request, where: Mapping[str, str]) -> CannedResponse:
    """Answer GET or HEAD with the manifest under its stored media type, whatever ``Accept`` says."""
    repository = store.find(where["name"])
    digest = repository.digest(where["reference"])
    manifest = repository.manifests[digest]
    headers = {"Content-Type": manifest.media_type, "Docker-Content-Digest": digest}
    return CannedResponse(200, headers, manifest.content)


def write_manifest(store: Store, request: Request, where: Mapping[str, str]) -> CannedResponse:
    """Answer PUT; blobs that the manifest names are not asked for."""
    media_type = request.headers.get("Content-Type") or _named_media_type(request.body)
    manifest = Manifest(request.body, media_type)
    _named_media_type(request.body)
    repository = store.open(where["name"])
    digest = keep_manifest(repository, where["reference"], manifest)
    location = f"/v2/{repository.name}/manifests/{digest}"
    return CannedResponse(201, {"Location": location, "Docker-Content-Digest": digest})


def delete_manifest(store: Store, request: Request, where: Mapping[str, str]) -> CannedResponse:
    """Answer DELETE: of a tag alone, or of a manifest with every tag that points to it."""
    repository, reference = store.find(where["name"]), where["reference"]
    digest = repository.digest(reference)
    if repository.tags.pop(reference, None) is None:
        del repository.manifests[digest]
        for tag in [tag for tag, found in repository.tags.items() if found == digest]:
            del repository.tags[tag]
    return CannedResponse(202)


def keep_manifest(repository: Repository, reference: str, manifest: Manifest) -> str:
    """Keep a manifest under a tag or its digest and return the digest.

    Raises `DistributionError`: ``MANIFEST_INVALID`` for an ill-formed tag, ``DIGEST_INVALID``.
    """
    if ":" in reference:
        digest = verified(manifest.content, reference)
    else:
        digest = repository.tags[_valid(reference)] = digest_of(manifest.content)
    repository.manifests[digest] = manifest
    return digest


def _valid(tag: str) -> str:
    if not TAG.fullmatch(tag):
        raise DistributionError("MANIFEST_INVALID", f"{tag!r} is not a tag")
    return tag


def _named_media_type(content: bytes) -> str:
    try:
        manifest = json.loads(content)
    except ValueError as error:
        raise DistributionError("MANIFEST_INVALID", f"the manifest is not JSON: {error}") from error
    named = manifest.get("mediaType") if isinstance(manifest, dict) else None
    return named if isinstance(named, str) else "application/vnd.oci.image.manifest.v1+json"
