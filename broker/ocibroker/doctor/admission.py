"""The token that a credential is exchanged for, before anything is asked for with it."""

from __future__ import annotations

from typing import Final

from ocibroker.access import Access
from ocibroker.auth import Challenge
from ocibroker.credential import Anonymous, Bearer, kind
from ocibroker.doctor.bench import Bench
from ocibroker.doctor.credential import life
from ocibroker.doctor.finding import Finding, failed, fine, skipped
from ocibroker.doctor.patient import Patient
from ocibroker.errors import OcibrokerError

TOKEN: Final = "registry.token"  # noqa: S105  # a step


def finding(bench: Bench, patient: Patient, access: Access, asks: tuple[Challenge, ...]) -> Finding:
    """Return whether the token endpoint gives a token for the repository, and how long that lives."""
    if not any(one.scheme == "bearer" for one in asks):
        return skipped(TOKEN, "the registry asks for none")
    if not patient.target.path:
        return skipped(TOKEN, "a token is for a repository, and none was named", "name one in TARGET")
    if isinstance(access.credential, Anonymous | Bearer):
        return skipped(TOKEN, f"{kind(access.credential)} access is not exchanged ahead")
    try:
        given = bench.broker.access(patient.target, caller=patient.caller, exchange=True).credential
    except OcibrokerError as error:
        return failed(TOKEN, "the credential is exchanged for no token", error)
    if isinstance(given, Anonymous):
        return skipped(TOKEN, f"access is anonymous: {given.reason}")
    scope = f"repository:{patient.target.path}:{','.join(patient.target.actions)}"
    return fine(TOKEN, f"for {scope}{life(given.issued_at, given.expires_at)}")
