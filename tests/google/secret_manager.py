"""Secret Manager: versions of secrets, for whoever may read them.

https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.google.accounts import Accounts
from tests.google.refusal import Refusal

PATH = "/v1/projects/acme-prod/secrets/charts/versions/latest:access"


@dataclass
class SecretManager:
    """``kept`` are contents by path, ``readers`` who may read them all. ``refusals`` are answered instead."""

    accounts: Accounts
    kept: dict[str, bytes] = field(default_factory=dict)
    readers: set[str] = field(default_factory=set)
    refusals: list[Refusal] = field(default_factory=list)

    def answer(self, request: Request) -> CannedResponse:
        try:
            content = self._content(request)
        except Refusal as refusal:
            return refusal.as_api()
        payload = {"data": base64.b64encode(content).decode(), "dataCrc32c": "0"}
        return CannedResponse.of_json({"name": request.path.removesuffix(":access"), "payload": payload})

    def _content(self, request: Request) -> bytes:
        if self.refusals:
            raise self.refusals.pop(0)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self.accounts.issued:
            raise Refusal("UNAUTHENTICATED", 401)
        if self.accounts.issued[token] not in self.readers:
            raise Refusal("PERMISSION_DENIED", 403, "IAM_PERMISSION_DENIED")
        if request.method != "GET" or request.path not in self.kept:
            raise Refusal("NOT_FOUND", 404)
        return self.kept[request.path]
