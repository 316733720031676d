"""Who may do what: keys, roles and the identity tokens that roles trust."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock

import jwt

from ocibroker.testing.request import Request
from tests.aws.refusal import Refusal
from tests.aws.signature import Signature
from tests.oidc.identity_provider import IdentityProvider, issuer_of
from tests.transport.canary import MARK

SKEW = timedelta(minutes=5)


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Key:
    """An access key; a temporary one has a token and an end."""

    ident: str
    secret: str = field(repr=False)
    principal: str
    token: str = field(default="", repr=False)
    expires: datetime | None = None


@dataclass(frozen=True)
class Role:
    """``trusts`` are principals and web identity tokens; ``external_id`` is what its trust policy asks for."""

    arn: str
    trusts: frozenset[str]
    external_id: str = ""


@dataclass
class Iam:
    """The accounts of an emulated AWS; ``clock`` is its time, ``denied`` who has no permission at all.

    ``issuers`` are the OpenID Connect providers, each with the audience that is its client id here.
    ``elsewhere`` finds a key that is not among these: one that another STS has issued.
    """

    clock: Callable[[], datetime] = now
    keys: dict[str, Key] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    expired: set[str] = field(default_factory=set)
    issuers: dict[str, tuple[IdentityProvider, str]] = field(default_factory=dict)
    elsewhere: Callable[[str], Key | None] = lambda _: None
    _lock: Lock = field(default_factory=Lock)

    def user(self, name: str) -> Key:
        """Make a user with a key that does not expire."""
        return self._keep(Key(f"AKIA{secrets.token_hex(8).upper()}", _secret(), f"user/{name}"))

    def role(self, name: str, *trusts: str, external_id: str = "") -> str:
        """Make a role and return its ARN."""
        arn = f"arn:aws:iam::123456789012:role/{name}"
        self.roles[arn] = Role(arn, frozenset(trusts), external_id)
        return arn

    def federate(self, provider: IdentityProvider, audience: str) -> None:
        """Make an OpenID Connect provider: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html."""
        self.issuers[provider.issuer] = (provider, audience)

    def federated(self, token: str) -> str:
        """Return what a role trusts of a web identity token: issuer and subject, verified, or all of a made-up one.

        https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html#API_AssumeRoleWithWebIdentity_Errors
        """
        if not (issuer := issuer_of(token)):
            return f"token {token}"
        if issuer not in self.issuers:
            raise Refusal("InvalidIdentityToken", 400)
        provider, audience = self.issuers[issuer]
        try:
            return f"{issuer} {provider.subject(token, audience)}"
        except jwt.ExpiredSignatureError:
            raise Refusal("ExpiredTokenException", 400) from None
        except jwt.InvalidTokenError:
            raise Refusal("InvalidIdentityToken", 400) from None

    def session(self, principal: str, life: timedelta = timedelta(hours=1)) -> Key:
        """Make a temporary key."""
        name, end = f"ASIA{secrets.token_hex(8).upper()}", self.clock() + life
        return self._keep(Key(name, _secret(), principal, f"session-{_secret()}", end))

    def assume(self, arn: str, by: str, external_id: str = "") -> Key:
        """Return the temporary key of a role that trusts ``by``, or refuse."""
        role = self.roles.get(arn)
        if role is None or by not in role.trusts or external_id != role.external_id:
            raise Refusal("AccessDenied", 403)
        return self.session(arn)

    def signer(self, request: Request, service: str, region: str) -> Key:
        """Return the key that has signed ``request`` for that service and region, or refuse."""
        signature = Signature.of(request)
        if signature is None:
            raise Refusal("MissingAuthenticationTokenException", 400)
        key = self.keys.get(signature.key) or self.elsewhere(signature.key)
        if key is None or key.token != request.headers.get("x-amz-security-token", ""):
            raise Refusal("UnrecognizedClientException", 400)
        if (signature.service, signature.region) != (service, region):
            raise Refusal("InvalidSignatureException", 400)
        if not signature.verifies(request, key.secret) or abs(signature.moment - self.clock()) > SKEW:
            raise Refusal("InvalidSignatureException", 400)
        if key.ident in self.expired or (key.expires and key.expires <= self.clock()):
            raise Refusal("ExpiredTokenException", 400)
        return key

    def _keep(self, key: Key) -> Key:
        with self._lock:
            self.keys[key.ident] = key
        return key


def _secret() -> str:
    return f"{MARK}/{secrets.token_urlsafe(30)}"
