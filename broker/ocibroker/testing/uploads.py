"""The blob end points that write (OCI distribution specification v1.1, end-4 to end-6, end-11, end-13)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from ocibroker.testing.digest import verified
from ocibroker.testing.distribution_error import DistributionError
from ocibroker.testing.request import Request
from ocibroker.testing.response import CannedResponse
from ocibroker.testing.store import Repository, Store


def start_upload(store: Store, request: Request, where: Mapping[str, str]) -> CannedResponse:
    """Answer POST: mount a blob, take a whole one, or open a session."""
    repository = store.open(where["name"])
    if _mount(store, request, repository):
        return _created(repository, request.parameter("mount") or "")
    if digest := request.parameter("digest"):
        return _keep(repository, request.body, digest)
    session = str(uuid.uuid4())
    repository.uploads[session] = bytearray()
    return _session(repository, session, 202)


def continue_upload(store: Store, request: Request, where: Mapping[str, str]) -> CannedResponse:
    """Answer PATCH: append a chunk; one that does not begin where the last ended is refused with 416."""
    repository, session = store.find(where["name"]), where["session"]
    upload = _upload(repository, session)
    begins = request.headers.get("Content-Range", str(len(upload))).partition("-")[0]
    if begins != str(len(upload)):
        headers = {"Location": _location(repository, session), "Range": _received(upload)}
        message = f"the chunk must begin at {len(upload)}"
        raise DistributionError("BLOB_UPLOAD_INVALID", message, headers)
    upload += request.body
    return _session(repository, session, 202)


def finish_upload(store: Store, request: Request, where: Mapping[str, str]) -> CannedResponse:
    """Answer PUT: append the last chunk, check the digest, keep the blob."""
    repository, session = store.find(where["name"]), where["session"]
    content = bytes(_upload(repository, session) + request.body)
    response = _keep(repository, content, request.parameter("digest") or "")
    del repository.uploads[session]
    return response


def report_upload(store: Store, request: Request, where: Mapping[str, str]) -> CannedResponse:
    """Answer GET: how much of the upload has arrived."""
    repository = store.find(where["name"])
    _upload(repository, where["session"])
    return _session(repository, where["session"], 204)


def cancel_upload(store: Store, request: Request, where: Mapping[str, str]) -> CannedResponse:
    """Answer DELETE: forget the upload."""
    repository = store.find(where["name"])
    _upload(repository, where["session"])
    del repository.uploads[where["session"]]
    return CannedResponse(204)


def _mount(store: Store, request: Request, repository: Repository) -> bool:
    digest, name = request.parameter("mount"), request.parameter("from")
    source = store.repositories.get(name or "")
    if digest is None or source is None or digest not in source.blobs:
        return False
    repository.blobs[digest] = source.blobs[digest]
    return True


def _keep(repository: Repository, content: bytes, digest: str) -> CannedResponse:
    repository.blobs[verified(content, digest)] = content
    return _created(repository, digest)


def _created(repository: Repository, digest: str) -> CannedResponse:
    location = f"/v2/{repository.name}/blobs/{digest}"
    return CannedResponse(201, {"Location": location, "Docker-Content-Digest": digest})


def _session(repository: Repository, session: str, status: int) -> CannedResponse:
    headers = {
        "Location": _location(repository, session),
        "Range": _received(repository.uploads[session]),
        "Docker-Upload-UUID": session,
    }
    return CannedResponse(status, headers)


def _upload(repository: Repository, session: str) -> bytearray:
    upload = repository.uploads.get(session)
    if upload is None:
        raise DistributionError("BLOB_UPLOAD_UNKNOWN", f"{repository.name} has no upload {session!r}")
    return upload


def _location(repository: Repository, session: str) -> str:
    return f"/v2/{repository.name}/blobs/uploads/{session}"


def _received(upload: bytearray) -> str:
    return f"0-{max(0, len(upload) - 1)}"
