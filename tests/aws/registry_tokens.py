"""ECR's and ECR Public's GetAuthorizationToken.

https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_GetAuthorizationToken.html
"""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.aws.iam import Iam
from tests.aws.refusal import Refusal
from tests.transport.canary import MARK

TARGETS = {
    "ecr": "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
    "ecr-public": "SpencerFrontendService.GetAuthorizationToken",
}


@dataclass
class RegistryTokens:
    """``issued`` says whose each password is, ``refusals`` what is answered instead, one after the other.

    A password is good for ``life``, unless ``lives`` says something else of whose it is, and until ``ends``.
    """

    iam: Iam
    life: timedelta = timedelta(hours=12)
    issued: dict[str, str] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    ends: dict[str, datetime] = field(default_factory=dict)
    lives: dict[str, timedelta] = field(default_factory=dict)

    def accepts(self, username: str, password: str) -> bool:
        """Whether a registry of ECR lets it in."""
        return username == "AWS" and password in self.ends and self.iam.clock() < self.ends[password]

    def answer(self, request: Request, service: str, region: str) -> CannedResponse:
        try:
            return CannedResponse.of_json({"authorizationData": self._data(request, service, region)})
        except Refusal as refusal:
            return refusal.as_json()

    def _data(self, request: Request, service: str, region: str) -> object:
        if self.refusals:
            raise self.refusals.pop(0)
        if request.headers.get("content-type") != "application/x-amz-json-1.1" or request.method != "POST":
            raise Refusal("UnknownOperationException", 404)
        if request.headers.get("x-amz-target") != TARGETS[service] or json.loads(request.body) != {}:
            raise Refusal("UnknownOperationException", 404)
        key = self.iam.signer(request, service, region)
        if key.principal in self.iam.denied:
            raise Refusal("AccessDeniedException", 400)
        one = self._issue(key.principal)
        if service == "ecr-public":
            return one
        return [{**one, "proxyEndpoint": f"https://123456789012.dkr.ecr.{region}.amazonaws.com"}]

    def _issue(self, principal: str) -> dict[str, object]:
        password = f"{MARK}/{secrets.token_urlsafe(96)}"
        end = self.iam.clock() + self.lives.get(principal, self.life)
        self.issued[password], self.ends[password] = principal, end
        token = base64.b64encode(f"AWS:{password}".encode()).decode()
        return {"authorizationToken": token, "expiresAt": round(end.timestamp(), 3)}
