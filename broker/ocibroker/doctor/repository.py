"""Whether the credential opens the registry, the repository, and the manifest that was named.

Of what a registry answers to a credential only statuses and what is one of a few known texts are shown: a hostile
one might send the credential back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import httpx

from ocibroker.access import Access
from ocibroker.credential import Anonymous
from ocibroker.doctor.finding import Finding, failed, fine
from ocibroker.doctor.patient import Patient
from ocibroker.errors import NotFound, OcibrokerError, RegistryRefused

ACCESS, MANIFEST = "registry.access", "registry.manifest"
_TYPES: Final = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)


def entered(patient: Patient, access: Access) -> Finding:
    """Return whether the tags of the repository may be listed, or without one the registry be entered."""
    path = patient.target.path
    place = f"/v2/{path}/tags/list" if path else "/v2/"
    try:
        with access.client() as client, client.stream("GET", f"{place}?n=1" if path else place) as response:
            status = response.status_code
    except OcibrokerError as error:
        return failed(ACCESS, f"{place} is closed", error, cure=_cure(error, path, access))
    if status < httpx.codes.MULTIPLE_CHOICES:
        return fine(ACCESS, f"{place} is open to this credential")
    return failed(ACCESS, f"{place} answers {status}", _refusal(status, f"repository {path}", path, access))


def manifest(patient: Patient, access: Access, left: Callable[[], str | None]) -> Finding:
    """Return whether the manifest that was named is there; it is not fetched.

    ``left`` is what the registry has said by then of how many requests are left.
    """
    path, reference = patient.target.path, patient.reference
    try:
        with access.client(headers={"accept": ", ".join(_TYPES)}) as client:
            response = client.head(f"/v2/{path}/manifests/{reference}")
    except OcibrokerError as error:
        return failed(MANIFEST, f"{reference} is closed", error, cure=_cure(error, path, access))
    if response.is_success:
        kind = response.headers.get("content-type", "")
        what = f"{reference} is {kind if kind in _TYPES else 'of another type'}"
        return fine(MANIFEST, f"{what}; {limit}" if (limit := left()) else what)
    status = response.status_code
    return failed(MANIFEST, f"{reference}: {status}", _refusal(status, f"{reference} in {path}", path, access))


def _cure(error: OcibrokerError, path: str, access: Access) -> str:
    """Return what to do: who has got a token that the registry itself refuses may not do this."""
    here = isinstance(error, RegistryRefused) and error.culprit == str(access.origin)
    if here and path and not isinstance(access.credential, Anonymous):
        return f"let this user pull from {path}, or check the user and the password"
    return error.hint


def _refusal(status: int, what: str, path: str, access: Access) -> OcibrokerError:
    where = str(access.origin)
    if status == httpx.codes.NOT_FOUND:
        hint = "check its name; some registries say so of what one may not see"
        return NotFound(f"has no {what}", culprit=where, hint=hint)
    hint = f"let this user pull from {path}" if path else "check the user, the password and the permissions"
    return RegistryRefused(f"answered {status}", culprit=where, hint=hint)
