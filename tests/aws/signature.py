"""Signature Version 4 as a service of AWS verifies it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from ocibroker.testing.request import Request

_HEADER = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,]+)/(?P<day>\d{8})/(?P<region>[^/,]+)/(?P<service>[^/,]+)"
    r"/aws4_request, SignedHeaders=(?P<signed>[a-z0-9;-]+), Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True)
class Signature:
    """What an ``Authorization`` header claims: whose key, when, for which region and service."""

    key: str
    day: str
    region: str
    service: str
    signed: tuple[str, ...]
    signature: str
    at: str

    @classmethod
    def of(cls, request: Request) -> Signature | None:
        found = _HEADER.fullmatch(request.headers.get("authorization", ""))
        if found is None:
            return None
        part = found.groupdict()
        signed = tuple(part.pop("signed").split(";"))
        return cls(**part, signed=signed, at=request.headers.get("x-amz-date", ""))

    @property
    def moment(self) -> datetime:
        return datetime.strptime(self.at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)

    def verifies(self, request: Request, secret: str) -> bool:
        """Whether the holder of ``secret`` has signed exactly this request, its host and time among it."""
        complete = {"host", "x-amz-date"} <= set(self.signed) and self.at.startswith(self.day)
        return complete and hmac.compare_digest(self._expected(request, secret), self.signature)

    def _expected(self, request: Request, secret: str) -> str:
        scope = f"{self.day}/{self.region}/{self.service}/aws4_request"
        canonical = hashlib.sha256(self._canonical(request).encode()).hexdigest()
        key = f"AWS4{secret}".encode()
        for part in (self.day, self.region, self.service, "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.digest(key, f"AWS4-HMAC-SHA256\n{self.at}\n{scope}\n{canonical}".encode(), "sha256").hex()

    def _canonical(self, request: Request) -> str:
        headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in self.signed)
        pairs = sorted(
            (quote(name, "~"), quote(value, "~")) for name, values in request.query.items() for value in values
        )
        query = "&".join(f"{name}={value}" for name, value in pairs)
        body = hashlib.sha256(request.body).hexdigest()
        return f"{request.method}\n{request.path or '/'}\n{query}\n{headers}\n{';'.join(self.signed)}\n{body}"
