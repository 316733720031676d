"""The metadata server of a virtual machine, a pod or a function.

https://cloud.google.com/compute/docs/metadata/querying-metadata
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.google.accounts import Accounts
from tests.google.refusal import BODY

TOKEN = "/computeMetadata/v1/instance/service-accounts/default/token"
UNIVERSE = "/computeMetadata/v1/universe/universe-domain"
HOSTS = ("169.254.169.254", "metadata.google.internal", "metadata.corp.test", "127.0.0.1")


@dataclass
class Metadata:
    """``principal`` is the machine's account, empty for none; ``failing`` are paths and what they answer instead.

    ``flavor`` is what it says it is, and ``universe`` where; an older server does not know.
    """

    accounts: Accounts
    principal: str = ""
    universe: str = ""
    flavor: str = "Google"
    failing: dict[str, int] = field(default_factory=dict)

    def answer(self, request: Request) -> CannedResponse:
        flavor = {"Metadata-Flavor": self.flavor} if self.flavor else {}
        if request.method != "GET" or request.headers.get("metadata-flavor") != "Google":
            return CannedResponse(403, flavor, BODY.encode())
        # https://cloud.google.com/compute/docs/metadata/overview#x-forwarded-for_header
        if "x-forwarded-for" in request.headers:
            return CannedResponse(403, flavor, BODY.encode())
        if request.path in self.failing:
            return CannedResponse(self.failing[request.path], flavor, BODY.encode())
        if request.path == UNIVERSE and self.universe:
            return CannedResponse(200, {**flavor, "Content-Type": "application/text"}, self.universe.encode())
        if request.path == TOKEN and self.principal:
            token, life = self.accounts.issue(self.principal)
            said = {"access_token": token, "expires_in": life, "token_type": "Bearer"}
            return CannedResponse.of_json(said, headers=flavor)
        return CannedResponse(404, flavor, BODY.encode())
