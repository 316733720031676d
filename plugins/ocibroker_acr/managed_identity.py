"""The identity that Azure has given to a machine or a service, from whoever hands out its tokens there.

azure-identity reads all this from ``os.environ``; each is one documented request.

https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from ocibroker.provider import ConnectionFailed, CredentialUnavailable, FetchRequest, Secret, as_secret
from ocibroker_acr.answer import Answer
from ocibroker_acr.faults import UnknownAudience, refused
from ocibroker_acr.options import AcrOptions
from ocibroker_acr.places import ManagedIdentity

IMDS: Final = "http://169.254.169.254/metadata/identity/oauth2/token"

_PATIENCE: Final = 1.0
"""Seconds in which the metadata service answers whether it is there at all."""

_LARGEST_KEY: Final = 4096
_KEY: Final = re.compile(r"[A-Za-z0-9._-]+\.key", re.ASCII)
_ALIVE: Final = frozenset({400, 410, 429})


def managed_token(
    request: FetchRequest[AcrOptions], identity: ManagedIdentity, audience: str, arc_tokens: Path
) -> Secret | UnknownAudience | None:
    """Return a token of the managed identity for ``audience``, or none where there is no such identity.

    Raises :class:`~ocibroker.errors.CredentialUnavailable` where there is one, or one was named, and it fails.
    """
    environ = request.environ
    endpoint, header = environ.get("IDENTITY_ENDPOINT", ""), environ.get("IDENTITY_HEADER", "")
    if not endpoint:
        return _of_instance(request, identity, audience)
    _check_near(endpoint)
    if environ.get("IDENTITY_SERVER_THUMBPRINT"):
        hint = "use a workload identity or a service principal"
        raise CredentialUnavailable("the identities of Service Fabric are not supported", hint=hint)
    if header:
        query = _query("2019-08-01", audience, identity)
        answer = Answer.to(request.http, "GET", endpoint, params=query, headers={"X-IDENTITY-HEADER": header})
        return _token("the identity endpoint of App Service", answer)
    if environ.get("IMDS_ENDPOINT"):
        return _of_arc(request, endpoint, _query("2020-06-01", audience, identity), arc_tokens)
    return _of_instance(request, identity, audience)


def _of_instance(
    request: FetchRequest[AcrOptions], identity: ManagedIdentity, audience: str
) -> Secret | UnknownAudience | None:
    if not _is_there(request):
        return None
    query = _query("2018-02-01", audience, identity)
    answer = Answer.to(request.http, "GET", IMDS, params=query, headers={"Metadata": "true"})
    # What it says where the machine has no identity, or several: which one was meant, nobody has said.
    if answer.status == 400 and answer.refusal.error == "invalid_request" and not identity.client:
        return None
    hint = "assign the identity to the machine, or correct client_id" if answer.status == 400 else ""
    return _token("the instance's metadata service", answer, hint)


def _is_there(request: FetchRequest[AcrOptions]) -> bool:
    """Whether the metadata service is Azure's: it refuses a request without its header, and at once.

    Other clouds have theirs at the same address. It may take its time for a token, which this one does not ask for.
    """
    try:
        answer = Answer.to(request.http, "GET", IMDS, params={"api-version": "2018-02-01"}, timeout=_PATIENCE)
    except ConnectionFailed:
        request.deadline.left()
        return False
    return answer.status in _ALIVE or answer.status >= 500


def _of_arc(
    request: FetchRequest[AcrOptions], endpoint: str, query: Mapping[str, str], arc_tokens: Path
) -> Secret | UnknownAudience:
    """Answer the agent's challenge: it names a file, and who can read that is believed."""
    who, headers = "the agent of Azure Arc", {"Metadata": "true"}
    challenge = Answer.to(request.http, "GET", endpoint, params=query, headers=headers)
    if challenge.status != 401:
        return _token(who, challenge)
    key = arc_key(challenge.headers.get("www-authenticate", ""), arc_tokens)
    proven = {**headers, "Authorization": f"Basic {key.reveal()}"}
    return _token(who, Answer.to(request.http, "GET", endpoint, params=query, headers=proven))


def arc_key(challenge: str, folder: Path) -> Secret:
    """Return the content of the file that a challenge names, which lies in ``folder`` whatever the challenge says.

    Raises :class:`~ocibroker.errors.CredentialUnavailable`.
    """
    scheme, _, named = challenge.partition(" realm=")
    path = folder / named.rpartition(os.sep)[2]
    if scheme != "Basic" or named != str(path) or not _KEY.fullmatch(path.name):
        hint = "look at what answers at IDENTITY_ENDPOINT"
        raise CredentialUnavailable("the agent of Azure Arc names a file that is not its own", hint=hint)
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_KEY + 1)
    except OSError as error:
        why = f"cannot be read: {error.strerror}"
    else:
        key = as_secret(content.decode("ascii", "replace")) if len(content) <= _LARGEST_KEY else None
        if key is not None and key.reveal().isascii():
            return key
        why = "holds no key"
    hint = "make the user a member of the group himds"
    raise CredentialUnavailable(why, culprit=f"file {path}", hint=hint)


def _query(version: str, audience: str, identity: ManagedIdentity) -> dict[str, str]:
    chosen = {"client_id": identity.client} if identity.client else {}
    return {"api-version": version, "resource": audience, **chosen}


def _token(who: str, answer: Answer, hint: str = "") -> Secret | UnknownAudience:
    token = answer.token
    if token is not None:
        return token
    failure = refused(who, answer, hint)
    if answer.refusal.of_audience:
        return UnknownAudience(failure)
    raise failure


def _check_near(endpoint: str) -> None:
    """Refuse an endpoint in the clear that is not near: it gets a secret, and gives tokens."""
    try:
        parts = urlsplit(endpoint)
        if parts.scheme == "https" or (parts.scheme == "http" and _is_near(parts.hostname or "")):
            return
    except ValueError:
        pass
    raise CredentialUnavailable(
        "is neither https:// nor at a private address", culprit="IDENTITY_ENDPOINT", hint="correct the variable"
    )


def _is_near(host: str) -> bool:
    # App Service has it at addresses such as 169.254.129.3 and 172.16.1.2, and others at localhost.
    return host == "localhost" or ipaddress.ip_address(host).is_private
