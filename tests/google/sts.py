"""Google's Security Token Service: a token of another issuer for one of Google's, and logins of a workforce.

https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token
https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/oauthtoken
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from ocibroker.testing import CannedResponse
from ocibroker.testing.headers import Headers
from ocibroker.testing.request import Request
from tests.aws.iam import Iam
from tests.aws.refusal import Refusal as AwsRefusal
from tests.google.accounts import CLIENT_ID, CLIENT_SECRET, JWT, Accounts
from tests.google.assertion import SCOPES
from tests.google.form import form_of
from tests.google.refusal import Refusal

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS = "urn:ietf:params:oauth:token-type:access_token"
AWS4 = "urn:ietf:params:aws:token-type:aws4_request"
AWS_SOURCE = {
    "environment_id": "aws1",
    "region_url": "http://169.254.169.254/latest/meta-data/placement/availability-zone",
    "url": "http://169.254.169.254/latest/meta-data/iam/security-credentials",
    "regional_cred_verification_url": (
        "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15"
    ),
}
BASIC = f"Basic {base64.b64encode(f'{CLIENT_ID}:{CLIENT_SECRET}'.encode()).decode()}"


@dataclass
class Sts:
    """``iam`` are the accounts of AWS; ``forms`` what was asked, ``refusals`` what is answered instead."""

    accounts: Accounts
    iam: Iam = field(default_factory=Iam)
    forms: list[dict[str, str]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def answer(self, request: Request) -> CannedResponse:
        try:
            if self.refusals:
                raise self.refusals.pop(0)
            token, life = self.accounts.issue(self._principal(request))
        except Refusal as refusal:
            return refusal.as_oauth()
        said = {"access_token": token, "expires_in": life, "token_type": "Bearer"}
        return CannedResponse.of_json({**said, "issued_token_type": ACCESS})

    def _principal(self, request: Request) -> str:
        if request.path == "/v1/oauthtoken":
            return self._person(request)
        form = form_of(request, "/v1/token")
        self.forms.append(form)
        if (form["grant_type"], form["requested_token_type"]) != (EXCHANGE, ACCESS):
            raise Refusal("invalid_request")
        if set(form["scope"].split()) != SCOPES:
            raise Refusal("invalid_scope")
        if request.headers.get("authorization", BASIC) != BASIC:
            raise Refusal("invalid_client", 401)
        if form["subject_token_type"] == AWS4:
            return self._of_aws(form)
        if form["subject_token_type"] != JWT:
            raise Refusal("invalid_request")
        return self._trusted(form["audience"], form["subject_token"])

    def _person(self, request: Request) -> str:
        form = form_of(request, "/v1/oauthtoken")
        if request.headers.get("authorization") != BASIC or form["grant_type"] != "refresh_token":
            raise Refusal("invalid_client", 401)
        return self.accounts.logins[form["refresh_token"]]

    def _trusted(self, audience: str, subject: str) -> str:
        if audience in self.accounts.pools:
            return self.accounts.pools[audience].principal(subject)
        if audience not in {audience for audience, _ in self.accounts.trusted}:
            raise Refusal("invalid_target")
        if (audience, subject) not in self.accounts.trusted:
            raise Refusal("invalid_grant")
        return self.accounts.trusted[audience, subject]

    def _of_aws(self, form: dict[str, str]) -> str:
        """Ask AWS who has signed: https://google.aip.dev/auth/4117#determining-the-subject-token-in-aws."""
        said = json.loads(unquote(form["subject_token"]))
        headers = Headers((one["key"], one["value"]) for one in said["headers"])
        url = urlsplit(said["url"])
        if headers.get("x-goog-cloud-target-resource") != form["audience"] or url.scheme != "https":
            raise Refusal("invalid_grant")
        region = (url.hostname or "").removeprefix("sts.").removesuffix(".amazonaws.com")
        request = Request(said["method"], url.path or "/", url.query, headers)
        try:
            return self._trusted(form["audience"], self.iam.signer(request, "sts", region).principal)
        except AwsRefusal:
            raise Refusal("invalid_grant") from None
