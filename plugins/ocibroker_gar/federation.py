"""Workload and workforce identity federation: a token of another issuer is exchanged for one of Google's.

https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token, https://google.aip.dev/auth/4117
"""

from __future__ import annotations

import json
import re
from typing import Final
from urllib.parse import quote

from ocibroker.provider import Secret
from ocibroker_gar.asking import Asking
from ocibroker_gar.document import Federated
from ocibroker_gar.endpoints import account_in, endpoint, is_endpoint
from ocibroker_gar.faults import EXCHANGED
from ocibroker_gar.impersonation import impersonate
from ocibroker_gar.login import client
from ocibroker_gar.subject import subject_token
from ocibroker_gar.token import SCOPE, Token

_PATH: Final = "/v1/token"
_JWT: Final = "urn:ietf:params:oauth:token-type:jwt"
_PROVIDER: Final = re.compile(
    r"projects/\d+/locations/global/workloadIdentityPools/[a-z0-9-]+/providers/[a-z0-9-]+", re.ASCII
)


def brought_token(asking: Asking, subject: Secret) -> Token:
    """Return the token that Google gives for a token of another issuer, at the provider that the rule names."""
    said = asking.request.options.workload_identity_provider
    if not said:
        hint = "set workload_identity_provider in the rule"
        raise asking.failed("no workload identity provider is named for the token that was brought", hint)
    name = said.removeprefix(f"//iam.{asking.universe}/")
    if not _PROVIDER.fullmatch(name):
        hint = "write projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER"
        raise asking.failed("workload_identity_provider is no full name of one", hint)
    form = _form(f"//iam.{asking.universe}/{name}", _JWT, subject)
    return asking.grant(EXCHANGED, endpoint("sts", asking.universe, _PATH), form)


def federated_token(asking: Asking, identity: Federated) -> Token:
    """Return the token of an ``external_account``, by way of the service account that it names, if it does."""
    if not is_endpoint(identity.token_url, "sts", asking.universe, _PATH):
        raise asking.failed("token_url of the credential file is no address of Google's", "create the file again")
    account = _account(asking, identity)
    form = _form(identity.audience, identity.subject_token_type, subject_token(asking, identity))
    if identity.workforce_pool_user_project and not identity.client_id:
        form["options"] = quote(json.dumps({"userProject": identity.workforce_pool_user_project}))
    headers = client(identity.client_id, identity.client_secret) if identity.client_id else {}
    token = asking.grant(EXCHANGED, identity.token_url, form, headers)
    if not account:
        return token
    return impersonate(asking, token, [account], identity.service_account_impersonation_url)


def _account(asking: Asking, identity: Federated) -> str:
    if not (url := identity.service_account_impersonation_url):
        return ""
    if account := account_in(url, asking.universe):
        return account
    why = "service_account_impersonation_url of the credential file is no address of Google's"
    raise asking.failed(why, "create the file again")


def _form(audience: str, kind: str, subject: Secret) -> dict[str, str]:
    return {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "audience": audience,
        "scope": SCOPE,
        "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "subject_token_type": kind,
        "subject_token": subject.reveal(),
    }
