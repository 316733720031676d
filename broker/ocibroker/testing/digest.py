"""Content digests (OCI image specification, "Digests")."""

from __future__ import annotations

import hashlib
import re

from ocibroker.testing.distribution_error import DistributionError

PATTERN = re.compile(r"(?P<algorithm>sha256|sha512):(?P<hex>[0-9a-f]{64}|[0-9a-f]{128})")


def digest_of(content: bytes, algorithm: str = "sha256") -> str:
    """Return ``algorithm:hex`` of ``content``; the algorithm is ``sha256`` or ``sha512``."""
    return f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"


def verified(content: bytes, digest: str) -> str:
    """Return ``digest`` if it is that of ``content``; raises `DistributionError` (``DIGEST_INVALID``) if not."""
    match = PATTERN.fullmatch(digest)
    if match is None or digest_of(content, match["algorithm"]) != digest:
        raise DistributionError("DIGEST_INVALID", f"the content does not have the digest {digest!r}")
    return digest
