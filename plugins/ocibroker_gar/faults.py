"""What Google's token services say when they refuse, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

_SLOWER: Final = "try again later; one broker for all callers asks least"


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the way, as an error calls it, and what to do about each code that it may be refused with.

    ``dated`` says that this machine's clock plays a part.
    """

    name: str
    cures: Mapping[str, str]
    dated: bool = False


_KEY: Final = "check in IAM that the service account and its key are there and enabled, or create another key"

SIGNED: Final = Step(
    "the exchange of the service account's key",
    MappingProxyType(
        {
            "invalid_grant": _KEY,
            "invalid_client": _KEY,
            "unauthorized_client": _KEY,
            "account_disabled": "enable the service account",
            "invalid_scope": "see docs/gar.md",
        }
    ),
    dated=True,
)

_LOGIN: Final = "run `gcloud auth application-default login`"

REFRESHED: Final = Step(
    "the refresh of the login",
    MappingProxyType(
        {
            "invalid_grant": _LOGIN,
            "invalid_rapt": f"{_LOGIN}: the organisation wants people to log in again",
            "rapt_required": f"{_LOGIN}: the organisation wants people to log in again",
            "invalid_client": _LOGIN,
            "unauthorized_client": _LOGIN,
            "admin_policy_enforced": "let the administrator of Google Workspace allow the Google Cloud SDK",
        }
    ),
)

_ISSUER: Final = "compare the provider's issuer, audiences and attribute condition with the token, and its expiry"

EXCHANGED: Final = Step(
    "the exchange at STS",
    MappingProxyType(
        {
            "invalid_grant": _ISSUER,
            "unauthorized_client": "let the provider's attribute condition accept the token",
            "invalid_target": "correct the workload identity provider, and check that it and its pool are enabled",
            "invalid_request": "correct the workload identity provider and the type of the token",
            "invalid_client": "correct client_id and client_secret of the credential file",
            "access_denied": "let the provider's attribute condition accept the token",
        }
    ),
)

_ACT: Final = "give whoever impersonates it roles/iam.serviceAccountTokenCreator on the service account"

GENERATED: Final = Step(
    "generateAccessToken",
    MappingProxyType(
        {
            "PERMISSION_DENIED": f"{_ACT}; a federated identity needs roles/iam.workloadIdentityUser",
            "SERVICE_DISABLED": "enable the IAM Service Account Credentials API (iamcredentials.googleapis.com)",
            "NOT_FOUND": "correct the service account's e-mail",
            "INVALID_ARGUMENT": "correct the service account's e-mail, and those of the chain",
            "UNAUTHENTICATED": "try again; the token before it was not accepted",
            "FAILED_PRECONDITION": "enable the service account",
            "RESOURCE_EXHAUSTED": _SLOWER,
        }
    ),
)

ACCESSED: Final = Step(
    "the access to the secret",
    MappingProxyType(
        {
            "PERMISSION_DENIED": "give the identity roles/secretmanager.secretAccessor on the secret",
            "SERVICE_DISABLED": "enable the Secret Manager API (secretmanager.googleapis.com)",
            "NOT_FOUND": "correct project, secret and version",
            "FAILED_PRECONDITION": "enable the version of the secret, or name another",
            "INVALID_ARGUMENT": "correct project, secret and version",
            "UNAUTHENTICATED": "try again; the token before it was not accepted",
            "RESOURCE_EXHAUSTED": _SLOWER,
        }
    ),
)

METADATA: Final = Step("the request to the metadata server", MappingProxyType({}))

SUBJECT: Final = Step("the request for the subject token", MappingProxyType({}))
