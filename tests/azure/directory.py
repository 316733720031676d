"""A tenant of Entra ID: its applications, what proves who they are, and the tokens that they get."""

from __future__ import annotations

import base64
import hashlib
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.azure.refusal import Refusal
from tests.oidc.identity_provider import EXCHANGE, IdentityProvider, issuer_of
from tests.transport.canary import MARK

ACR = "https://containerregistry.azure.net"
ARM = "https://management.azure.com"


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Application:
    """``secrets`` and ``certificates`` prove who it is; ``trusted`` are issuer and subject of federated tokens."""

    name: str
    client: str = field(default_factory=lambda: str(uuid.uuid4()))
    secrets: set[str] = field(default_factory=set, repr=False)
    certificates: list[x509.Certificate] = field(default_factory=list)
    trusted: set[tuple[str, str]] = field(default_factory=set)


@dataclass
class Directory:
    """``audiences`` are what tokens may be for, ``asked`` who asked for which, ``issued`` what they got."""

    authority: str
    tenant: str = field(default_factory=lambda: str(uuid.uuid4()))
    clock: Callable[[], datetime] = now
    audiences: set[str] = field(default_factory=lambda: {ACR, ARM})
    applications: dict[str, Application] = field(default_factory=dict)
    providers: dict[str, IdentityProvider] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    issued: list[str] = field(default_factory=list, repr=False)
    _key: str = field(default_factory=lambda: secrets.token_urlsafe(40), repr=False)

    def application(self, name: str, **proofs: Any) -> Application:  # noqa: ANN401  # the fields of one
        made = Application(name, **proofs)
        self.applications[made.client] = made
        return made

    def with_secret(self, name: str) -> tuple[Application, str]:
        """Register an application and return it with its secret."""
        secret = f"s3cret~{MARK}/{secrets.token_urlsafe(24)}"
        return self.application(name, secrets={secret}), secret

    def provider(self, issuer: str) -> IdentityProvider:
        return self.federate(IdentityProvider(issuer))

    def federate(self, provider: IdentityProvider) -> IdentityProvider:
        """Let applications trust what a provider issues."""
        self.providers[provider.issuer] = provider
        return provider

    def issue(self, name: str, audience: str) -> str:
        """Return an access token for ``audience``, or refuse one that nobody knows."""
        self.asked.append((name, audience))
        if audience not in self.audiences:
            raise Refusal("invalid_resource", 500011)
        moment = self.clock()
        claims = {"iss": f"https://{self.authority}/{self.tenant}/v2.0", "tid": self.tenant, "aud": audience}
        times = {"iat": moment, "nbf": moment, "exp": moment + timedelta(hours=1)}
        token = jwt.encode(
            {**claims, **times, "sub": name, "jti": f"{MARK}/{secrets.token_hex(8)}"}, self._key, "HS256"
        )
        self.issued.append(token)
        return token

    def verified(self, token: str, audiences: set[str]) -> str | None:
        """Return whose token it is, or none where it is not of this directory or for something else."""
        try:
            return str(jwt.decode(token, self._key, ["HS256"], audience=audiences)["sub"])
        except jwt.InvalidTokenError:
            return None

    def of_secret(self, client: str, secret: str) -> Application:
        found = self._known(client)
        if secret not in found.secrets:
            raise Refusal("invalid_client", 7000215, 401)
        return found

    def of_assertion(self, client: str, assertion: str, endpoint: str) -> Application:
        """Return the application whose assertion it is: signed by its certificate, or by whom it trusts."""
        found = self._known(client)
        try:
            header = jwt.get_unverified_header(assertion)
        except jwt.DecodeError:
            raise Refusal("invalid_request", 50027) from None
        if "x5t" in header or "x5t#S256" in header:
            self._check_certificate(found, header, assertion, endpoint)
        else:
            self._check_federated(found, assertion)
        return found

    def _known(self, client: str) -> Application:
        if client not in self.applications:
            raise Refusal("unauthorized_client", 700016)
        return self.applications[client]

    def _check_certificate(self, found: Application, header: dict[str, Any], assertion: str, endpoint: str) -> None:
        """https://learn.microsoft.com/entra/identity-platform/certificate-credentials"""
        # msal pads what RFC 7515 does not.
        named = {str(header[name]).rstrip("=") for name in ("x5t", "x5t#S256") if name in header}
        signer = next((one for one in found.certificates if _thumbprints(one) & named), None)
        if signer is None:
            raise Refusal("invalid_client", 700027, 401)
        key: Any = signer.public_key()
        required = ["iss", "sub", "aud", "exp", "jti"]
        try:
            claims = jwt.decode(
                assertion, key, ["RS256", "PS256"], audience=endpoint, options={"require": required}
            )
        except jwt.InvalidTokenError:
            raise Refusal("invalid_client", 700027, 401) from None
        if (claims["iss"], claims["sub"]) != (found.client, found.client):
            raise Refusal("invalid_client", 700021, 401)

    def _check_federated(self, found: Application, assertion: str) -> None:
        """https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations"""
        provider = self.providers.get(issuer_of(assertion))
        if provider is None:
            raise Refusal("invalid_client", 700211, 401)
        try:
            subject = provider.subject(assertion, EXCHANGE)
        except jwt.InvalidAudienceError:
            raise Refusal("invalid_client", 700212, 401) from None
        except jwt.ExpiredSignatureError:
            raise Refusal("invalid_client", 700024, 401) from None
        except jwt.InvalidTokenError:
            raise Refusal("invalid_client", 50013, 401) from None
        if (provider.issuer, subject) not in found.trusted:
            raise Refusal("invalid_client", 700213, 401)


def _thumbprints(certificate: x509.Certificate) -> set[str]:
    der = certificate.public_bytes(Encoding.DER)
    digests = (hashlib.sha1(der, usedforsecurity=False).digest(), hashlib.sha256(der).digest())
    return {base64.urlsafe_b64encode(digest).decode().rstrip("=") for digest in digests}
