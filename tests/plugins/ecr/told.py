"""What AWS answers, without an emulator: enough for one fetch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx

KEY_ID, SECRET_KEY, SESSION = "AKIAEXAMPLEOFTHETESTS", "s3cret-key-of-the-tests", "s3ssion-token-of-the-tests"
TOKEN = "QVdTOnQwa2VuLW9mLWVjcg=="  # AWS:t0ken-of-ecr


def told(request: httpx.Request) -> httpx.Response:
    """Answer as AWS does, to the contract suite."""
    expires = (datetime.now(UTC) + timedelta(hours=12)).timestamp()
    one = {"authorizationToken": TOKEN, "expiresAt": expires}
    if request.url.host.startswith("sts."):
        until = f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
        keys = f"<AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>{SECRET_KEY}</SecretAccessKey>"
        keys += f"<SessionToken>{SESSION}</SessionToken><Expiration>{until}</Expiration>"
        action = "AssumeRoleWithWebIdentity" if b"WithWebIdentity" in request.content else "AssumeRole"
        result = f"<{action}Result><Credentials>{keys}</Credentials></{action}Result>"
        return httpx.Response(200, text=f"<{action}Response>{result}</{action}Response>")
    return httpx.Response(200, json={"authorizationData": one if "public" in request.url.host else [one]})
