"""What there is where no identity was found."""

from __future__ import annotations

from typing import Final

from ocibroker.provider import CredentialUnavailable, FetchRequest, NoIdentity
from ocibroker_acr.options import AcrOptions

_CLIENT: Final = "AZURE_CLIENT_ID"


def nobody(request: FetchRequest[AcrOptions], why: str, hint: str = "") -> CredentialUnavailable:
    """Return the error for that, which is a :class:`~ocibroker.errors.NoIdentity` unless somebody has named one.

    Then nobody else's may take its place.
    """
    if request.options.client_id:
        named = "client_id of the rule"
    elif request.environ.get(_CLIENT):
        named = _CLIENT
    else:
        return NoIdentity(why, hint=hint or f"run `az login`, set {_CLIENT}, or write a rule; see docs/acr.md")
    way = "set what it signs in by, such as AZURE_CLIENT_SECRET or AZURE_FEDERATED_TOKEN_FILE; see docs/acr.md"
    return CredentialUnavailable(f"{why}, although {named} names one", hint=hint or way)
