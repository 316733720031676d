"""The token API of the JFrog Platform: https://jfrog.com/help/r/jfrog-rest-apis/create-token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.vendors.refusal import BODY, Refusal


@dataclass
class Platform:
    """``users`` are by their identity tokens, ``longest`` is the administrator's limit in seconds."""

    users: dict[str, str] = field(default_factory=dict)
    longest: int = 3600
    made: dict[str, str] = field(default_factory=dict)

    def answer(self, request: Request) -> CannedResponse:
        try:
            return CannedResponse.of_json(self._token(request))
        except Refusal as refusal:
            said = {"errors": [{"code": str(refusal.status), "message": f"{BODY} {request.body.decode()}"}]}
            return CannedResponse.of_json(said, status=refusal.status)

    def _token(self, request: Request) -> Mapping[str, object]:
        if (request.method, request.path) != ("POST", "/access/api/v1/tokens"):
            raise Refusal(404)
        scheme, _, token = (request.headers.get("authorization") or "").partition(" ")
        if scheme != "Bearer" or token not in self.users:
            raise Refusal(401)
        assert request.headers.get("content-type") == "application/x-www-form-urlencoded"
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if not form["expires_in"].isdigit() or not int(form["expires_in"]):
            raise Refusal(400)
        # Who is no administrator gets tokens for himself only.
        if int(form["expires_in"]) > self.longest or form["scope"] != "applied-permissions/user":
            raise Refusal(403)
        made = f"made-{len(self.made)}-{BODY}"
        self.made[made] = self.users[token]
        life = int(form["expires_in"])
        return {
            "token_id": BODY,
            "access_token": made,
            "expires_in": life,
            "scope": form["scope"],
            "token_type": "Bearer",
        }
