"""The cache of ``docker-credential-ecr-login`` with a token that it takes for fresh."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import md5, sha256
from pathlib import Path
from typing import Final

_REGION: Final = "eu-west-1"
_ACCOUNT: Final = "123456789012"


def warm(home: Path, key: str, password: str, host: str) -> None:
    """Write ``~/.ecr/cache.json`` for the access key with the id ``key``.

    An entry is named after a digest of that id, in another way in each of the program's versions: 0.6, as Debian 12
    has it, appends the MD5 of nothing. See ``ecr-login/cache/build.go`` of awslabs/amazon-ecr-credential-helper.
    """
    now, name = datetime.now(UTC), key.encode()
    entry = {
        "AuthorizationToken": b64encode(f"AWS:{password}".encode()).decode(),
        "RequestedAt": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "ExpiresAt": f"{now + timedelta(hours=12):%Y-%m-%dT%H:%M:%SZ}",
        "ProxyEndpoint": f"https://{host}",
        "Service": "ecr",
    }
    digests = (name + md5().digest(), name + sha256().digest(), sha256(name).digest())
    entries = {f"{_REGION}-{b64encode(digest).decode()}-{_ACCOUNT}": entry for digest in digests}
    (home / ".ecr").mkdir(mode=0o700)
    (home / ".ecr" / "cache.json").write_text(json.dumps({"Registries": entries, "Version": "1.0"}))
