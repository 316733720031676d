"""An error as Azure answers it; its description is what nobody may see."""

from __future__ import annotations

from ocibroker.testing import CannedResponse

BODY = "c4n4ry-of-the-body"
TRACE_ID = "0d5f1b7e-0000-4000-8000-0000000trace"
REQUEST_ID = "7a61c7b2-0000-4000-8000-00000request"


class Refusal(Exception):
    """``error`` is OAuth's code, ``number`` that of Entra ID."""

    def __init__(self, error: str, number: int = 0, status: int = 400) -> None:
        super().__init__(error, number)
        self.error = error
        self.number = number
        self.status = status

    def as_oauth(self) -> CannedResponse:
        """https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow#error-response"""
        body = {
            "error": self.error,
            "error_description": f"AADSTS{self.number}: {BODY}\r\nTrace ID: {TRACE_ID}",
            "error_codes": [self.number],
            "timestamp": "2026-01-09 02:02:12Z",
            "trace_id": TRACE_ID,
            "correlation_id": "255d1aef-8c98-452f-ac51-23d051240864",
        }
        return CannedResponse.of_json(body, status=self.status)

    def as_metadata(self) -> CannedResponse:
        """As the metadata service does, in the same words of OAuth."""
        body = {"error": self.error, "error_description": BODY}
        return CannedResponse.of_json(body, status=self.status, headers={"x-ms-request-id": REQUEST_ID})

    def as_registry(self) -> CannedResponse:
        """https://distribution.github.io/distribution/spec/api/#errors"""
        body = {"errors": [{"code": self.error, "message": BODY, "detail": None}]}
        headers = {"X-Ms-Correlation-Request-Id": REQUEST_ID}
        return CannedResponse.of_json(body, status=self.status, headers=headers)
