"""IAM Identity Center's GetRoleCredentials.

https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.aws.iam import Iam
from tests.aws.refusal import BODY


@dataclass
class Sso:
    """``tokens`` say whose each access token of a login is."""

    iam: Iam
    tokens: dict[str, str] = field(default_factory=dict)

    def answer(self, request: Request) -> CannedResponse:
        principal = self.tokens.get(request.headers.get("x-amz-sso_bearer_token", ""))
        if request.path != "/federation/credentials" or principal is None:
            headers = {"x-amzn-ErrorType": "UnauthorizedException"}
            return CannedResponse.of_json({"message": BODY}, status=401, headers=headers)
        key = self.iam.session(principal)
        assert key.expires is not None
        return CannedResponse.of_json(
            {
                "roleCredentials": {
                    "accessKeyId": key.ident,
                    "secretAccessKey": key.secret,
                    "sessionToken": key.token,
                    "expiration": round(key.expires.timestamp() * 1000),
                }
            }
        )
