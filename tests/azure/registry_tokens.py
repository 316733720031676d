"""A registry's own tokens, for which it exchanges those of Entra ID.

https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md
"""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import parse_qs

import jwt

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.azure.directory import ACR, Directory
from tests.azure.refusal import Refusal
from tests.transport.canary import MARK

USER = "00000000-0000-0000-0000-000000000000"


@dataclass
class RegistryTokens:
    """``issued`` says whose each refresh token is and for which registry, ``denied`` who may not pull.

    ``arm`` is the policy ``azureADAuthenticationAsArm``, ``refusals`` what is answered instead, one by one.
    """

    directory: Directory
    life: timedelta = timedelta(hours=3)
    arm: bool = True
    denied: set[str] = field(default_factory=set)
    issued: dict[str, tuple[str, str]] = field(default_factory=dict)
    refusals: list[Refusal | CannedResponse] = field(default_factory=list)
    _key: str = field(default_factory=lambda: secrets.token_urlsafe(40), repr=False)

    def answer(self, request: Request, registry: str) -> CannedResponse:
        try:
            if (request.method, request.path) == ("POST", "/oauth2/exchange"):
                return self._exchanged(request, registry)
            return CannedResponse(404)
        except Refusal as refusal:
            return refusal.as_registry()

    def _exchanged(self, request: Request, registry: str) -> CannedResponse:
        if self.refusals:
            instead = self.refusals.pop(0)
            if isinstance(instead, CannedResponse):
                return instead
            raise instead
        form = _form(request)
        if (form.get("grant_type"), form.get("service")) != ("access_token", registry):
            raise Refusal("BAD_REQUEST")
        if form.get("tenant", self.directory.tenant) != self.directory.tenant:
            raise Refusal("UNAUTHORIZED", status=401)
        audiences = {one for one in self.directory.audiences if self.arm or one == ACR}
        name = self.directory.verified(form.get("access_token", ""), audiences)
        if name is None or name in self.denied:
            raise Refusal("UNAUTHORIZED", status=401)
        return CannedResponse.of_json({"refresh_token": self._refresh_token(name, registry)})

    def _refresh_token(self, name: str, registry: str) -> str:
        moment = self.directory.clock()
        claims = {
            "jti": f"{MARK}/{secrets.token_hex(8)}",
            "sub": name,
            "nbf": moment,
            "exp": moment + self.life,
            "iat": moment,
            "iss": "Azure Container Registry",
            "aud": registry,
            "version": "1.0",
            "grant_type": "refresh_token",
            "tenant": self.directory.tenant,
            "permissions": {"actions": ["read"], "notActions": None},
            "roles": [],
        }
        token = jwt.encode(claims, self._key, "HS256")
        self.issued[token] = (name, registry)
        return token

    def accepts(self, registry: str, username: str, password: str) -> bool:
        """Whether that is a refresh token for ``registry``, sent as what it is."""
        return username == USER and self.issued.get(password, ("", ""))[1] == registry


def _form(request: Request) -> dict[str, str]:
    if request.headers.get("content-type") != "application/x-www-form-urlencoded":
        raise Refusal("BAD_REQUEST")
    return {name: values[0] for name, values in parse_qs(request.body.decode()).items()}


def unsigned(claims: object) -> str:
    """Return a token that says ``claims``, signed by nobody."""
    parts = ({"alg": "none"}, claims, "")
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
