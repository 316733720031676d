"""GitHub's API, as far as the installations of its Apps need it.

https://docs.github.com/rest/apps/apps#create-an-installation-access-token-for-an-app
https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.types import Options

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.vendors.refusal import BODY, Refusal

HOST, API = "ghcr.io", "api.github.com"
REQUEST_ID = "0F3A:2B4C:1D5E6F:7A8B9C"
_PATH = re.compile(r"(?:/api/v3)?/app/installations/(\d+)/access_tokens")
_LONGEST = timedelta(minutes=10)
READ = MappingProxyType({"packages": "read"})


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey) -> str:
    """Return the key as GitHub gives it for a download."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


@dataclass
class Installation:
    """Where an app is installed, and what its owner has granted."""

    app: str
    repositories: frozenset[str] = frozenset({"app", "charts"})
    permissions: Mapping[str, str] = field(default_factory=lambda: READ)
    suspended: bool = False


@dataclass
class GitHub:
    """``keys`` are the apps'; ``issued`` the tokens with what they are restricted to."""

    keys: dict[str, rsa.RSAPrivateKey] = field(default_factory=dict)
    installations: dict[int, Installation] = field(default_factory=dict)
    issued: dict[str, tuple[Mapping[str, Any], datetime]] = field(default_factory=dict)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def install(self, app: str, number: int, key: rsa.RSAPrivateKey, **granted: Any) -> None:  # noqa: ANN401
        self.keys[app] = key
        self.installations[number] = Installation(app, **granted)

    def accepts(self, username: str, password: str) -> bool:
        """Whether ghcr.io would let them in; whatever their name is."""
        _, until = self.issued.get(password, ({}, datetime.min.replace(tzinfo=UTC)))
        return bool(username) and self.clock() < until

    def answer(self, request: Request) -> CannedResponse:
        headers = {"X-GitHub-Request-Id": REQUEST_ID}
        try:
            return CannedResponse.of_json(self._token(request), status=201, headers=headers)
        except Refusal as refusal:
            said = {"message": f"{BODY} {request.headers.get('authorization')}", "documentation_url": BODY}
            return CannedResponse.of_json(said, status=refusal.status, headers=headers)

    def _token(self, request: Request) -> Mapping[str, object]:
        found = _PATH.fullmatch(request.path)
        if request.method != "POST" or found is None:
            raise Refusal(404)
        assert request.headers.get("accept") == "application/vnd.github+json"
        assert request.headers.get("x-github-api-version") == "2022-11-28"
        assert request.headers.get("user-agent")  # without one everything is refused
        app = self._app(request.headers.get("authorization") or "")
        return self._granted(app, int(found[1]), json.loads(request.body))

    def _app(self, authorization: str) -> str:
        scheme, _, proof = authorization.partition(" ")
        assert scheme == "Bearer"
        assert jwt.get_unverified_header(proof)["alg"] == "RS256"
        claims = jwt.decode(proof, options={"verify_signature": False})
        assert set(claims) == {"iat", "exp", "iss"}
        assert isinstance(claims["iss"], str)
        key, now = self.keys.get(claims["iss"]), self.clock()
        issued, ends = (datetime.fromtimestamp(claims[name], UTC) for name in ("iat", "exp"))
        if key is None or issued > now or not now < ends <= now + _LONGEST:
            raise Refusal(401)
        try:
            # The times are looked at above, by a clock that may be another.
            unchecked: Options = {"verify_exp": False, "verify_iat": False}
            jwt.decode(proof, key.public_key(), algorithms=["RS256"], options=unchecked)
        except jwt.InvalidTokenError:
            raise Refusal(401) from None
        return str(claims["iss"])

    def _granted(self, app: str, number: int, wanted: Mapping[str, Any]) -> Mapping[str, object]:
        installation = self.installations.get(number)
        if installation is None or installation.app != app:
            raise Refusal(404)
        if installation.suspended:
            raise Refusal(403)
        assert set(wanted) <= {"repositories", "permissions"}
        repositories = wanted.get("repositories", [])
        permissions = wanted.get("permissions", dict(installation.permissions))
        if not installation.repositories.issuperset(repositories) or not all(
            installation.permissions.get(name) in {what, "write"} for name, what in permissions.items()
        ):
            raise Refusal(422)
        token, until = f"ghs_{len(self.issued)}{BODY}", self.clock().replace(microsecond=0) + timedelta(hours=1)
        self.issued[token] = ({"repositories": repositories, "permissions": permissions}, until)
        return {
            "token": token,
            "expires_at": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "permissions": permissions,
            "repository_selection": "selected" if repositories else "all",
        }
