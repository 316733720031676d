"""What Azure says when it fails, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ocibroker.provider import CredentialUnavailable, OcibrokerError
from ocibroker_acr.answer import Answer

LATER: Final = "try again later"

_AUDIENCE: Final = "set audience in the rule's options: nothing of that name is known there"

_TENANT: Final = "use an identity of the registry's tenant, or set tenant_id"

_RENEW: Final = "renew the federated token, or set this machine's clock"

_TRUST: Final = "compare issuer, subject and audience with the federated credentials of the application"

_NUMBERS: Final = MappingProxyType(
    {
        "AADSTS50001": _AUDIENCE,
        "AADSTS500011": _AUDIENCE,
        "AADSTS50013": _TRUST,
        "AADSTS50020": _TENANT,
        "AADSTS50034": _TENANT,
        "AADSTS53003": "conditional access blocks it: let the tenant's administrator look at the sign-in",
        "AADSTS70021": _TRUST,
        "AADSTS700016": "correct client_id and tenant_id: the tenant has no such application",
        "AADSTS700024": _RENEW,
        "AADSTS700027": "upload the certificate to the application, or correct client_certificate",
        "AADSTS700211": _TRUST,
        "AADSTS700212": _TRUST,
        "AADSTS700213": _TRUST,
        "AADSTS700222": _RENEW,
        "AADSTS7000112": "enable the application in the tenant",
        "AADSTS7000215": "correct client_secret: it is the secret's value and not its id",
        "AADSTS7000222": "make a new client secret: this one has expired",
        "AADSTS90002": "correct tenant_id: there is no such tenant in this cloud",
        "AADSTS900023": "correct tenant_id: it is neither an id nor a domain",
    }
)
"""What to do about the numbers of Entra ID.

https://learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

_ERRORS: Final = MappingProxyType(
    {
        "access_denied": "let the tenant's administrator look at the sign-in",
        "interaction_required": "let the tenant's administrator look at the sign-in",
        "invalid_client": "correct client_id, tenant_id, and the secret, certificate or token",
        "invalid_grant": "correct client_id, tenant_id, and the secret, certificate or token",
        "invalid_request": "correct tenant_id and client_id",
        "invalid_resource": _AUDIENCE,
        "invalid_scope": "correct audience",
        "server_error": LATER,
        "temporarily_unavailable": LATER,
        "unauthorized_client": "correct client_id and tenant_id",
    }
)
"""The same for the codes of OAuth 2.0 (RFC 6749, 5.2), and those that Entra ID adds; no other one is shown."""


@dataclass(frozen=True, slots=True)
class UnknownAudience:
    """Entra ID does not know what the token would be for: another audience may do, else this is the error."""

    failure: OcibrokerError


def refused(who: str, answer: Answer, hint: str = "") -> CredentialUnavailable:
    """Return the error for an answer that is no token; of what it says only codes and ids are shown."""
    said = answer.refusal
    codes = [code for code in (said.number, said.error if said.error in _ERRORS else "") if code]
    named = answer.named(*codes, ident=answer.ident)
    later = LATER if answer.status in {404, 410} else answer.or_later("")
    cures = (_NUMBERS.get(said.number), _ERRORS.get(said.error), "see docs/acr.md")
    cure = hint or later or next(filter(None, cures))
    if answer.status == 200:
        hint = "look at what answers there, and at the proxy"
        known = f", request id {answer.ident}" if answer.ident else ""
        return CredentialUnavailable(f"{who} answered without a token{known}", hint=hint, request_id=answer.ident)
    return CredentialUnavailable(f"{who} refused: {named}", hint=cure, request_id=answer.ident)
