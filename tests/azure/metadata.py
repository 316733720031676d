"""What hands out the tokens of managed identities: a machine's metadata, App Service, and the agent of Azure Arc.

https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.azure.directory import Directory
from tests.azure.refusal import Refusal

IMDS = "169.254.169.254"
APP_SERVICE = "169.254.129.3:8081"
PRIVATE = "172.16.1.2:8081"
ARC = "localhost:40342"
HEADER = "the-services-identity-header"


@dataclass
class Metadata:
    """``system`` is the identity that the machine has, ``assigned`` those to choose from, by client id.

    ``refusals`` are what is answered instead, one after the other. ``named`` is the file that the agent of Azure
    Arc names, ``key`` what it holds, and ``foreign`` the status by which another cloud answers at the same address.
    """

    directory: Directory
    system: str = ""
    assigned: dict[str, str] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    named: Path = Path("/var/opt/azcmagent/tokens/arc.key")
    key: str = "the-agents-key"
    foreign: int = 0

    def answer(self, request: Request) -> CannedResponse:
        if self.foreign:
            return CannedResponse(self.foreign)
        try:
            return self._answer(request, request.headers.get("host", ""))
        except Refusal as refusal:
            return refusal.as_metadata()

    def _answer(self, request: Request, host: str) -> CannedResponse:
        versions = {IMDS: "2018-02-01", APP_SERVICE: "2019-08-01", PRIVATE: "2019-08-01", ARC: "2020-06-01"}
        if request.method != "GET" or request.parameter("api-version") != versions[host]:
            raise Refusal("invalid_request")
        if host in {APP_SERVICE, PRIVATE}:
            if request.headers.get("x-identity-header") != HEADER:
                return CannedResponse(401)
        elif request.headers.get("metadata") != "true" or request.headers.get("x-forwarded-for"):
            raise Refusal("invalid_request")
        if host == ARC and request.headers.get("authorization") != f"Basic {self.key}":
            return CannedResponse(401, {"WWW-Authenticate": f"Basic realm={self.named}"})
        return self._token(request)

    def _token(self, request: Request) -> CannedResponse:
        if self.refusals:
            raise self.refusals.pop(0)
        resource, client = request.parameter("resource"), request.parameter("client_id")
        name = self.assigned.get(client) if client else self.system
        if not resource or not name:
            raise Refusal("invalid_request")
        return CannedResponse.of_json(
            {
                "access_token": self.directory.issue(name, resource),
                "client_id": client or "system",
                "expires_in": "86399",
                "expires_on": str(int(time.time()) + 86399),
                "resource": resource,
                "token_type": "Bearer",
            }
        )
