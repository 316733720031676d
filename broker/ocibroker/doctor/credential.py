"""The credential itself: asked for anew, and told without its secret."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from ocibroker.access import Access
from ocibroker.credential import Anonymous, kind
from ocibroker.doctor.bench import Bench
from ocibroker.doctor.finding import Finding, failed, fine, warned
from ocibroker.doctor.patient import Patient
from ocibroker.errors import OcibrokerError

CREDENTIAL: Final = "credential"
_SHORT: Final = timedelta(minutes=2)


def asked(bench: Bench, patient: Patient) -> Access | Finding:
    """Return the access, its credential newly fetched, or why there is none."""
    try:
        return bench.broker.access(patient.target, caller=patient.caller, fresh=True)
    except OcibrokerError as error:
        return failed(CREDENTIAL, "there is no credential", error)


def finding(bench: Bench, access: Access) -> Finding:
    """Return what kind of credential it is, and its life."""
    credential = access.credential
    if isinstance(credential, Anonymous):
        return fine(CREDENTIAL, f"anonymous: {credential.reason}")
    what = f"{kind(credential)} by provider {access.provider}{life(credential.issued_at, credential.expires_at)}"
    ends = credential.expires_at
    if ends is not None and ends - bench.clock.now() < _SHORT:
        return warned(CREDENTIAL, what, "it is about to end", "have the identity's session last longer")
    return fine(CREDENTIAL, what)


def life(issued: datetime | None, expires: datetime | None) -> str:
    """Return from when to when, as the rest of a sentence."""
    since = f", issued {issued:%Y-%m-%dT%H:%M:%SZ}" if issued else ""
    return f"{since}, until {expires:%Y-%m-%dT%H:%M:%SZ}" if expires else f"{since}, without an end"
