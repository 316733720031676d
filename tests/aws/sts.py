"""STS's AssumeRole and AssumeRoleWithWebIdentity, in the query protocol.

https://docs.aws.amazon.com/STS/latest/APIReference/
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.aws.iam import Iam, Key
from tests.aws.refusal import Refusal

VERSION = "2011-06-15"
XMLNS = f"https://sts.amazonaws.com/doc/{VERSION}/"
NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
"""Of a session."""


@dataclass
class Sts:
    """``calls`` are action, role and session name, in order."""

    iam: Iam
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def answer(self, request: Request, region: str) -> CannedResponse:
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        action, arn = form.get("Action", ""), form.get("RoleArn", "")
        self.calls.append((action, arn, form.get("RoleSessionName", "")))
        try:
            if self.refusals:
                raise self.refusals.pop(0)
            return _answered(action, arn, self._key(action, arn, form, request, region))
        except Refusal as refusal:
            return refusal.as_xml()

    def _key(self, action: str, arn: str, form: dict[str, str], request: Request, region: str) -> Key:
        if action == "AssumeRole":
            signer = self.iam.signer(request, "sts", region)
            return self.iam.assume(arn, signer.principal, form.get("ExternalId", ""))
        if action != "AssumeRoleWithWebIdentity" or "authorization" in request.headers:
            raise Refusal("InvalidAction", 400)
        if form.get("Version") != VERSION or not NAME.fullmatch(form.get("RoleSessionName", "")):
            raise Refusal("ValidationError", 400)
        return self.iam.assume(arn, self.iam.federated(form.get("WebIdentityToken", "")))


def _answered(action: str, arn: str, key: Key) -> CannedResponse:
    assert key.expires is not None
    fields = {
        "AccessKeyId": key.ident,
        "SecretAccessKey": key.secret,
        "SessionToken": key.token,
        "Expiration": f"{key.expires:%Y-%m-%dT%H:%M:%SZ}",
    }
    keys = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    user = f"<AssumedRoleUser><Arn>{arn}/s</Arn><AssumedRoleId>A:s</AssumedRoleId></AssumedRoleUser>"
    result = f"<{action}Result><Credentials>{keys}</Credentials>{user}</{action}Result>"
    body = f'<{action}Response xmlns="{XMLNS}">{result}</{action}Response>'
    return CannedResponse(200, {"Content-Type": "text/xml"}, body.encode())
