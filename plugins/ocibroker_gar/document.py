"""The JSON documents that Google's tools write: a key, a login, a federated identity.

https://google.aip.dev/auth/4110 and what it refers to.
"""

from __future__ import annotations

from typing import Any

from ocibroker.provider import JsonAnswer
from ocibroker_gar.registry import PUBLIC


class Document(JsonAnswer):
    """What all of them say."""

    type: str = ""
    universe_domain: str = PUBLIC


class Key(Document, kw_only=True):
    """``service_account``: a key of a service account."""

    client_email: str
    private_key: str
    private_key_id: str = ""
    token_uri: str = ""


class Login(Document, kw_only=True):
    """``authorized_user`` and ``external_account_authorized_user``: a person's login."""

    client_id: str
    client_secret: str
    refresh_token: str
    token_url: str = ""


class Source(JsonAnswer):
    """Where the token of another issuer comes from; of ``file``, ``url`` and the rest exactly one."""

    file: str = ""
    url: str = ""
    headers: dict[str, str] | None = None
    format: dict[str, str] | None = None
    executable: dict[str, Any] | None = None
    certificate: dict[str, Any] | None = None
    environment_id: str = ""
    region_url: str = ""
    regional_cred_verification_url: str = ""
    imdsv2_session_token_url: str = ""


class Federated(Document, kw_only=True):
    """``external_account``: an identity of another issuer."""

    audience: str
    subject_token_type: str
    token_url: str
    credential_source: Source
    service_account_impersonation_url: str = ""
    client_id: str = ""
    client_secret: str = ""
    workforce_pool_user_project: str = ""


class Impersonated(Document, kw_only=True):
    """``impersonated_service_account``: an account that another identity acts for."""

    service_account_impersonation_url: str
    source_credentials: dict[str, Any]
    delegates: tuple[str, ...] = ()
