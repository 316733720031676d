"""A store of blobs as a cloud has it: whoever sends it a credential of the registry is turned away."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.transport.answering_server import Answer

_TWO_PROOFS: Final = b"<Error><Message>Only one auth mechanism allowed</Message></Error>"
"""What S3 says where a presigned URL comes with an ``Authorization`` header."""


def blob_store(folder: Path) -> Answer:
    """Serve the files below ``folder``, by the paths under which a registry keeps them."""

    def answer(request: Request) -> CannedResponse:
        if "Authorization" in request.headers:
            return CannedResponse(400, {"Content-Type": "application/xml"}, _TWO_PROOFS)
        return CannedResponse(200, {}, (folder / request.path.lstrip("/")).read_bytes())

    return answer
