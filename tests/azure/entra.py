"""Entra ID's OpenID configuration and its endpoint for tokens.

https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.azure.directory import Application, Directory
from tests.azure.refusal import Refusal

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass
class Entra:
    """``refusals`` are what is answered instead, one after the other; ``endpoint`` is where it says tokens are."""

    directory: Directory
    refusals: list[Refusal | CannedResponse] = field(default_factory=list)
    endpoint: str = ""

    @property
    def _base(self) -> str:
        return f"https://{self.directory.authority}/{self.directory.tenant}"

    def answer(self, request: Request) -> CannedResponse:
        tenant, _, path = request.path.removeprefix("/").partition("/")
        if tenant != self.directory.tenant:
            return Refusal("invalid_request", 90002).as_oauth()
        if (request.method, path) == ("GET", "v2.0/.well-known/openid-configuration"):
            return self._configuration()
        if (request.method, path) != ("POST", "oauth2/v2.0/token"):
            return CannedResponse(404)
        try:
            return self._token(request)
        except Refusal as refusal:
            return refusal.as_oauth()

    def _configuration(self) -> CannedResponse:
        endpoints = {name: f"{self._base}/oauth2/v2.0/{name}" for name in ("authorize", "token", "devicecode")}
        return CannedResponse.of_json(
            {
                "issuer": f"{self._base}/v2.0",
                "authorization_endpoint": endpoints["authorize"],
                "token_endpoint": self.endpoint or endpoints["token"],
                "device_authorization_endpoint": endpoints["devicecode"],
                "tenant_region_scope": "EU",
            }
        )

    def _token(self, request: Request) -> CannedResponse:
        if self.refusals:
            instead = self.refusals.pop(0)
            if isinstance(instead, CannedResponse):
                return instead
            raise instead
        if request.headers.get("content-type") != "application/x-www-form-urlencoded":
            raise Refusal("invalid_request", 900144)
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if form.get("grant_type") != "client_credentials":
            raise Refusal("unsupported_grant_type", 70003)
        audience, dot, default = form.get("scope", "").rpartition("/")
        if (dot, default) != ("/", ".default"):
            raise Refusal("invalid_scope", 1002012)
        token = self.directory.issue(self._who(form).name, audience)
        return CannedResponse.of_json({"token_type": "Bearer", "expires_in": 3599, "access_token": token})

    def _who(self, form: dict[str, str]) -> Application:
        client = form.get("client_id", "")
        if "client_secret" in form:
            return self.directory.of_secret(client, form["client_secret"])
        if form.get("client_assertion_type") != JWT_BEARER:
            raise Refusal("invalid_client", 7000218, 401)
        return self.directory.of_assertion(client, form["client_assertion"], f"{self._base}/oauth2/v2.0/token")
