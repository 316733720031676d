"""One configuration for all front ends: hosts that are served, fail or are public, and whose secrets are whose."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from ocibroker.credential import Basic, Credential
from ocibroker.provider import (
    Bearer,
    Claim,
    CredentialUnavailable,
    FetchRequest,
    Identity,
    IdentityToken,
    Options,
    Request,
    Secret,
    Strength,
    Target,
)

CONFIGURATION = """
[[registry]]
match = "charts.example.com"
provider = "basic"
options = { username = "alice", password = "s3cret/é" }

[[registry]]
match = "charts.example.com/team-b"
provider = "basic"
options = { username = "bob", password = "team b's" }

[[registry]]
match = "docker.io"
provider = "basic"
options = { username = "hub", password = "hub-pw" }

[[registry]]
match = "*.glob.example.com"
provider = "basic"
options = { username = "glob", password = "glob-pw" }

[[registry]]
match = "broken.example.com"
provider = "basic"
options = { username = "carol", password = { file = "/does/not/exist" } }

[[registry]]
match = "public.example.com"
provider = "anonymous"
"""

OWNERS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "charts.example.com": frozenset({"s3cret/é", "team b's"}),
        "docker.io": frozenset({"hub-pw"}),
        "basic.token.example": frozenset({"token-value"}),
    }
)
"""The secrets that may leave for each host, whatever a program asks."""

LIFE = timedelta(hours=1)


class NoOptions(Options, frozen=True, kw_only=True):
    pass


class Tokens:
    """A credential of each kind that expires, each for a host of its own, and failure for another."""

    name = "tokens"
    options = NoOptions

    def claim(self, target: Target) -> Claim | None:
        return Claim(Strength.EXACT, "a test") if target.host.endswith(".token.example") else None

    def identity(self, request: Request[NoOptions]) -> Identity:
        return Identity((request.target.host,))

    def fetch(self, request: FetchRequest[NoOptions]) -> Credential:
        secret, expires = Secret("token-value"), request.clock.now() + LIFE
        match request.target.host:
            case "identity.token.example":
                return IdentityToken(secret=secret, expires_at=expires)
            case "bearer.token.example":
                return Bearer(secret=secret, expires_at=expires)
            case "basic.token.example":
                return Basic(username="robot", secret=secret, expires_at=expires)
        raise CredentialUnavailable("the cloud said no", hint="log in")
