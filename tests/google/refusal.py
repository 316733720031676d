"""An error as Google answers it; its message is what nobody may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ocibroker.testing import CannedResponse

BODY = "c4n4ry-of-the-body"
REQUEST_ID = "8f1d2c3b5e6f7a8b"


@dataclass
class Refusal(Exception):
    """``special`` is what narrows the code down: OAuth's ``error_subtype``, or the reason of ``ErrorInfo``."""

    code: str
    status: int = 400
    special: str = ""

    @property
    def _headers(self) -> Mapping[str, str]:
        return {"Retry-After": "7"} if self.status == 429 else {}

    def as_oauth(self) -> CannedResponse:
        """https://datatracker.ietf.org/doc/html/rfc6749#section-5.2"""
        body = {"error": self.code, "error_description": BODY}
        more = {"error_subtype": self.special} if self.special else {}
        return CannedResponse.of_json({**body, **more}, status=self.status, headers=self._headers)

    def as_api(self) -> CannedResponse:
        """https://cloud.google.com/apis/design/errors"""
        kind = "type.googleapis.com/google.rpc."
        details = [{"@type": f"{kind}RequestInfo", "requestId": REQUEST_ID, "servingData": BODY}]
        if self.special:
            details.append({"@type": f"{kind}ErrorInfo", "reason": self.special, "domain": BODY})
        error = {"code": self.status, "message": BODY, "status": self.code, "details": details}
        return CannedResponse.of_json({"error": error}, status=self.status, headers=self._headers)
