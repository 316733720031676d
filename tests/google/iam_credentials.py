"""The IAM Service Account Credentials API: tokens of accounts for whoever may act for them.

https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.google.accounts import Accounts
from tests.google.assertion import SCOPES
from tests.google.refusal import Refusal

_PATH = re.compile(r"/v1/projects/-/serviceAccounts/(?P<account>[^/]+):generateAccessToken")
_DELEGATE = "projects/-/serviceAccounts/"


@dataclass
class IamCredentials:
    """``calls`` are who asked for whose token, by way of whom."""

    accounts: Accounts
    calls: list[tuple[str, ...]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def answer(self, request: Request) -> CannedResponse:
        try:
            if self.refusals:
                raise self.refusals.pop(0)
            token, life = self.accounts.issue(self._account(request))
        except Refusal as refusal:
            return refusal.as_api()
        expires = self.accounts.clock() + timedelta(seconds=life)
        return CannedResponse.of_json({"accessToken": token, "expireTime": f"{expires:%Y-%m-%dT%H:%M:%SZ}"})

    def _account(self, request: Request) -> str:
        found = _PATH.fullmatch(request.path)
        body: dict[str, list[str]] = json.loads(request.body)
        if found is None or request.method != "POST" or set(body["scope"]) != SCOPES:
            raise Refusal("INVALID_ARGUMENT", 400)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self.accounts.issued:
            raise Refusal("UNAUTHENTICATED", 401)
        delegates = [name.removeprefix(_DELEGATE) for name in body.get("delegates", [])]
        chain: tuple[str, ...] = (self.accounts.issued[token], *delegates, found["account"])
        self.calls.append(chain)
        if chain[-1] not in self.accounts.actors:
            raise Refusal("NOT_FOUND", 404)
        if any(actor not in self.accounts.actors.get(account, set()) for actor, account in pairwise(chain)):
            raise Refusal("PERMISSION_DENIED", 403, "IAM_PERMISSION_DENIED")
        return chain[-1]
