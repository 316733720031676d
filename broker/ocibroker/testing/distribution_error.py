"""The errors of the OCI distribution specification."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ocibroker.testing.response import CannedResponse

STATUS = MappingProxyType(
    {
        "BLOB_UNKNOWN": 404,
        "BLOB_UPLOAD_INVALID": 416,
        "BLOB_UPLOAD_UNKNOWN": 404,
        "DIGEST_INVALID": 400,
        "MANIFEST_INVALID": 400,
        "MANIFEST_UNKNOWN": 404,
        "NAME_INVALID": 400,
        "NAME_UNKNOWN": 404,
        "SIZE_INVALID": 400,
        "UNAUTHORIZED": 401,
        "DENIED": 403,
        "UNSUPPORTED": 405,
    }
)


class DistributionError(Exception):
    """A refusal with a code of the specification ("Error Codes"), which decides the HTTP status."""

    def __init__(self, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.headers = headers or {}

    def response(self) -> CannedResponse:
        """Return the error as the specification's JSON body."""
        error = {"code": self.code, "message": str(self), "detail": None}
        return CannedResponse.of_json({"errors": [error]}, status=STATUS[self.code], headers=self.headers)
