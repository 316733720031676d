"""The cache of ``docker-credential-ecr-login`` with a token that it takes for fresh."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import md5
from pathlib import Path


def keep(home: Path, key_id: str, token: str, host: str) -> None:
    """Write ``~/.ecr/cache.json`` for the access key ``key_id`` and the registry ``host``.

    The name of an entry has the id in clear, with the digest of nothing behind it (``ecr-login/cache/build.go`` of
    version 0.6.0 of https://github.com/awslabs/amazon-ecr-credential-helper).
    """
    name = b64encode(key_id.encode() + md5(b"", usedforsecurity=False).digest()).decode()
    account, _, _, region, *_ = host.split(".")
    now = datetime.now(UTC)
    entry = {
        "AuthorizationToken": b64encode(f"AWS:{token}".encode()).decode(),
        "RequestedAt": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "ExpiresAt": f"{now + timedelta(hours=12):%Y-%m-%dT%H:%M:%SZ}",
        "ProxyEndpoint": f"https://{host}",
        "Service": "ecr",
    }
    (home / ".ecr").mkdir(mode=0o700)
    kept = {"Registries": {f"{region}-{name}-{account}": entry}, "Version": "1.0"}
    (home / ".ecr" / "cache.json").write_text(json.dumps(kept))
