"""The token endpoint of Google's OAuth server: assertions of service accounts, and refresh tokens of people.

https://developers.google.com/identity/protocols/oauth2/service-account#httprest
https://developers.google.com/identity/protocols/oauth2/web-server#offline
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.google.accounts import CLIENT_ID, CLIENT_SECRET, Accounts
from tests.google.assertion import signer
from tests.google.form import form_of
from tests.google.refusal import Refusal

URL = "https://oauth2.googleapis.com/token"


@dataclass
class OAuth:
    """``refusals`` are what is answered instead, one after the other."""

    accounts: Accounts
    refusals: list[Refusal] = field(default_factory=list)

    def answer(self, request: Request) -> CannedResponse:
        try:
            if self.refusals:
                raise self.refusals.pop(0)
            token, life = self.accounts.issue(self._principal(request))
        except Refusal as refusal:
            return refusal.as_oauth()
        return CannedResponse.of_json({"access_token": token, "expires_in": life, "token_type": "Bearer"})

    def _principal(self, request: Request) -> str:
        form = form_of(request, "/token")
        if form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return signer(form["assertion"], self.accounts, URL)
        if form["grant_type"] != "refresh_token":
            raise Refusal("unsupported_grant_type")
        if (form["client_id"], form["client_secret"]) != (CLIENT_ID, CLIENT_SECRET):
            raise Refusal("invalid_client", 401)
        if form["refresh_token"] not in self.accounts.logins:
            raise Refusal("invalid_grant")
        return self.accounts.logins[form["refresh_token"]]
