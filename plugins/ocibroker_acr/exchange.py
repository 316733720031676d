"""Exchanging a token of Entra ID for one of the registry's own.

https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md
"""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import Final

from ocibroker.provider import (
    Basic,
    CredentialUnavailable,
    FetchRequest,
    JsonAnswer,
    Secret,
    as_code,
    as_secret,
    end_of,
)
from ocibroker_acr.answer import Answer
from ocibroker_acr.options import AcrOptions

USER: Final = "00000000-0000-0000-0000-000000000000"
"""Says that the password is a refresh token of the registry's."""

_LIFE: Final = timedelta(hours=3)
"""A token lives no longer, whatever it says."""

_CURES: Final = MappingProxyType(
    {
        400: "correct tenant_id and audience",
        401: "use an identity of the registry's tenant that may pull, or another audience; see docs/acr.md",
        403: "let the registry's network rules admit this machine, and give the identity the role AcrPull",
        404: "correct the host: it has no /oauth2/exchange, so it is no registry of Azure's",
    }
)


class _Exchanged(JsonAnswer):
    refresh_token: str


class _Fault(JsonAnswer):
    code: str = ""


class _Faults(JsonAnswer):
    errors: tuple[_Fault, ...] = ()


def exchanged(request: FetchRequest[AcrOptions], token: Secret, tenant: str) -> Basic:
    """Return the credential that the registry gives for ``token``; ``tenant`` is whose it is, if that is known.

    It is asked at the target itself, whatever a challenge would name. Raises
    :class:`~ocibroker.errors.CredentialUnavailable`, and what a connection raises.
    """
    registry = request.target.registry
    named = {"tenant": tenant} if tenant else {}
    form = {"grant_type": "access_token", "service": registry, **named, "access_token": token.reveal()}
    answer = Answer.to(request.http, "POST", f"https://{registry}/oauth2/exchange", data=form)
    if answer.status != 200:
        raise _refused(answer)
    found = _Exchanged.read(answer.body)
    secret, now = as_secret(found.refresh_token) if found else None, request.clock.now()
    expires = end_of(secret, now) if secret else None
    if secret is None or expires is None:
        hint = "look at what answers there, and at the proxy"
        raise CredentialUnavailable("the registry answered without a token", hint=hint)
    if expires <= now:
        raise CredentialUnavailable("the token has expired by this machine's clock", hint="set the clock")
    return Basic(username=USER, secret=secret, issued_at=now, expires_at=min(expires, now + _LIFE))


def _refused(answer: Answer) -> CredentialUnavailable:
    """Return the error for an answer of the registry's; of what it says only a code and an id are shown."""
    faults = _Faults.read(answer.body)
    code = as_code(faults.errors[0].code) if faults and faults.errors else ""
    named = answer.named(code, ident=answer.ident)
    hint = _CURES.get(answer.status, answer.or_later("see docs/acr.md"))
    return CredentialUnavailable(
        f"the registry refused to exchange the token: {named}", hint=hint, request_id=answer.ident
    )
