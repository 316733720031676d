"""An error as AWS answers it; its message is what nobody may see."""

from __future__ import annotations

from ocibroker.testing import CannedResponse

BODY = "c4n4ry-of-the-body"
REQUEST_ID = "8f1d2c3b-0000-4000-8000-123456789abc"


class Refusal(Exception):
    def __init__(self, code: str, status: int) -> None:
        super().__init__(code)
        self.code = code
        self.status = status

    def as_json(self) -> CannedResponse:
        """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/CommonErrors.html"""
        kind = f"com.amazonaws.ecr#{self.code}" if self.code else None
        body = {"__type": kind, "message": BODY}
        return CannedResponse.of_json(body, status=self.status, headers={"x-amzn-RequestId": REQUEST_ID})

    def as_xml(self) -> CannedResponse:
        """https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html"""
        error = f"<Error><Type>Sender</Type><Code>{self.code}</Code><Message>{BODY}</Message></Error>"
        xmlns = "https://sts.amazonaws.com/doc/2011-06-15/"
        body = f'<ErrorResponse xmlns="{xmlns}">{error}<RequestId>{REQUEST_ID}</RequestId></ErrorResponse>'
        return CannedResponse(self.status, {"Content-Type": "text/xml"}, body.encode())
