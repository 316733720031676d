"""Who asks, as declared, and for what."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ocibroker.provider import Request
from ocibroker_oidc.options import OidcOptions


def principal_of(request: Request[OidcOptions]) -> tuple[tuple[str, ...], tuple[Path, ...]]:
    """Return where the token comes from and what it is exchanged for, and the files that decide it."""
    from ocibroker_oidc.sources import source_of

    options, source = request.options, source_of(request)
    secret = options.client_secret
    parts = (
        *source.parts(request),
        f"exchange {options.exchange} at {options.url}",
        f"user {options.username}, client {options.client_id} with {secret}",
        *(f"{name}={value}" for name, value in sorted(options.parameters.items())),
    )
    return parts, (*source.watch(request), *(secret.watch if secret else ()))


def digest(text: str) -> str:
    """Return what stands for a token in an identity: its subject is not believed before somebody verified it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
