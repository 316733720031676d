"""What a workload's token says of its bearer, unverified: who gives credentials for it verifies it, not we."""

from __future__ import annotations

import msgspec

from ocibroker.json_answer import JsonAnswer
from ocibroker.json_web_token import payload

_LONGEST = 256
"""Characters of one claim."""


class Claimed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``issuer`` and ``subject`` of RFC 7519; the rest is what Kubernetes says of a service account's token."""

    issuer: str = ""
    subject: str = ""
    namespace: str = ""
    service_account: str = ""
    pod: str = ""
    pod_uid: str = ""


class _Named(msgspec.Struct, frozen=True):
    name: str = ""
    uid: str = ""


class _Kubernetes(msgspec.Struct, frozen=True):
    namespace: str = ""
    serviceaccount: _Named = _Named()
    pod: _Named = _Named()


class _Claims(JsonAnswer):
    iss: str = ""
    sub: str = ""
    kubernetes: _Kubernetes = msgspec.field(default=_Kubernetes(), name="kubernetes.io")


def claimed(token: str) -> Claimed | None:
    """Return what ``token`` says; none where it is no JSON web token, or says nothing of that."""
    if (claims := _Claims.read(payload(token))) is None:
        return None
    said = claims.kubernetes
    found = Claimed(
        issuer=claims.iss[:_LONGEST],
        subject=claims.sub[:_LONGEST],
        namespace=said.namespace[:_LONGEST],
        service_account=said.serviceaccount.name[:_LONGEST],
        pod=said.pod.name[:_LONGEST],
        pod_uid=said.pod.uid[:_LONGEST],
    )
    return None if found == Claimed() else found
