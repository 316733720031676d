"""Key Vault: secrets of vaults, for whoever shows a token of Entra ID for vaults.

https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret/get-secret
https://learn.microsoft.com/azure/key-vault/general/rest-error-codes
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.azure.directory import Directory
from tests.azure.refusal import BODY, REQUEST_ID

AUDIENCE = "https://vault.azure.net"


@dataclass
class Vaults:
    """``kept`` are values by host and path, ``readers`` who may read them all."""

    directory: Directory
    kept: dict[tuple[str, str], str] = field(default_factory=dict)
    readers: set[str] = field(default_factory=set)

    def answer(self, request: Request, host: str) -> CannedResponse:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        who = self.directory.verified(token, {AUDIENCE}) if scheme == "Bearer" else None
        if who is None:
            return refused("Unauthorized", 401)
        if who not in self.readers:
            return refused("Forbidden", 403)
        if request.method != "GET" or not request.parameter("api-version"):
            return refused("BadParameter", 400)
        if (host, request.path) not in self.kept:
            return refused("SecretNotFound", 404)
        ident = f"https://{host}{request.path}/6d2f"
        value = {"value": self.kept[host, request.path], "id": ident, "attributes": {"enabled": True}}
        return CannedResponse.of_json(value)


def refused(code: str, status: int) -> CannedResponse:
    body = {"error": {"code": code, "message": BODY}}
    return CannedResponse.of_json(body, status=status, headers={"x-ms-request-id": REQUEST_ID})
