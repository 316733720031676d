"""Who is who: service accounts with keys, people with logins, pools that trust other issuers, and their tokens."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.google.refusal import Refusal
from tests.oidc.identity_provider import IdentityProvider
from tests.transport.canary import MARK

PROJECT = "acme-prod"
USER = "oauth2accesstoken"
POOL = "projects/123456789012/locations/global/workloadIdentityPools/ci/providers/"
CLIENT_ID, CLIENT_SECRET = "the-client.apps.googleusercontent.com", "s3cret-of-the-client"
TOKEN_URL = "https://sts.googleapis.com/v1/token"
JWT = "urn:ietf:params:oauth:token-type:jwt"
BITS = 1024
"""Half of what Google's keys have: each fetch reads the key anew, and 2048 bits take 45 ms instead of 7."""


def now() -> datetime:
    return datetime.now(UTC)


def new_token() -> str:
    return f"ya29.{MARK}/{secrets.token_urlsafe(60)}"


def generate_url(account: str) -> str:
    return f"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{account}:generateAccessToken"


@dataclass
class Accounts:
    """The identities of an emulated Google Cloud; ``clock`` is its time, ``issued`` whose each token is.

    ``actors`` are who may impersonate an account, ``trusted`` whom a provider takes a token of another issuer for.
    ``pools`` are the providers that verify what they take, by audience. ``token`` makes a new token.
    """

    clock: Callable[[], datetime] = now
    life: timedelta = timedelta(hours=1)
    token: Callable[[], str] = new_token
    issued: dict[str, str] = field(default_factory=dict)
    keys: dict[str, tuple[str, rsa.RSAPublicKey]] = field(default_factory=dict)
    logins: dict[str, str] = field(default_factory=dict)
    trusted: dict[tuple[str, str], str] = field(default_factory=dict)
    pools: dict[str, Pool] = field(default_factory=dict)
    actors: dict[str, set[str]] = field(default_factory=dict)
    _ends: dict[str, datetime] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def issue(self, principal: str) -> tuple[str, int]:
        """Return a new access token and the seconds it lives."""
        token = self.token()
        with self._lock:
            self.issued[token] = principal
            self._ends[token] = self.clock() + self.life
        return token, int(self.life.total_seconds())

    def accepts(self, username: str, password: str) -> bool:
        """Whether a registry takes a user name and a password: a token that was issued, and lives."""
        living = password in self._ends and self.clock() < self._ends[password]
        return username == USER and living

    def account(self, name: str, *actors: str) -> str:
        """Make a service account for which ``actors`` may act, and return its e-mail."""
        email = f"{name}@{PROJECT}.iam.gserviceaccount.com"
        self.actors[email] = set(actors)
        return email

    def key(self, name: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
        """Make a service account with a key, and return what its file says."""
        email = self.account(name)
        private, ident = rsa.generate_private_key(65537, BITS), secrets.token_hex(20)
        self.keys[ident] = (email, private.public_key())
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": ident,
            "private_key": pem,
            "client_email": email,
            "client_id": "100000000000000000001",
            "token_uri": "https://oauth2.googleapis.com/token",
            "universe_domain": "googleapis.com",
            **changes,
        }

    def login(self, person: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
        """Log a person in, and return what gcloud's file says."""
        token = f"1//{MARK}/{secrets.token_urlsafe(40)}"
        self.logins[token] = f"user/{person}"
        said = {"type": "authorized_user", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        return {**said, "refresh_token": token, "universe_domain": "googleapis.com", **changes}

    def trust(self, provider: str, subject_token: str, principal: str) -> str:
        """Let a provider take ``subject_token`` for ``principal``, and return the provider's full name."""
        self.trusted[f"//iam.googleapis.com/{POOL}{provider}", subject_token] = principal
        return f"{POOL}{provider}"

    def federate(self, provider: str, issuer: IdentityProvider, principals: dict[str, str]) -> Pool:
        """Make a provider that takes the tokens of ``issuer`` for the principals of their subjects."""
        made = self.pools[f"//iam.googleapis.com/{POOL}{provider}"] = Pool(f"{POOL}{provider}", issuer, principals)
        return made


@dataclass(frozen=True)
class Pool:
    """A provider of a workload identity pool: whose tokens for itself it takes, and for whom it takes subjects.

    https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines
    """

    name: str
    issuer: IdentityProvider
    principals: dict[str, str]

    @property
    def audience(self) -> str:
        """The one that it takes unless others are allowed."""
        return f"https://iam.googleapis.com/{self.name}"

    def principal(self, token: str) -> str:
        """Return for whom a token is taken, or refuse it."""
        try:
            subject = self.issuer.subject(token, self.audience)
        except jwt.InvalidTokenError:
            raise Refusal("invalid_grant") from None
        if subject not in self.principals:  # its attribute condition
            raise Refusal("unauthorized_client")
        return self.principals[subject]


def federated(source: dict[str, Any], provider: str = "github", **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return what a file of the type external_account says."""
    said = {
        "type": "external_account",
        "audience": f"//iam.googleapis.com/{POOL}{provider}",
        "subject_token_type": JWT,
        "token_url": TOKEN_URL,
        "credential_source": source,
    }
    return {**said, **changes}


def written(path: Path, document: dict[str, Any]) -> Path:
    """Write a document, and return where it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2))
    return path
