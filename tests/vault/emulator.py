"""A Vault on loopback: KV engines, and the ways to log in, as its API is documented.

https://developer.hashicorp.com/vault/api-docs
"""

from __future__ import annotations

import json
import secrets
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.transport.answering_server import AnsweringServer
from tests.transport.canary import MARK

HOST = "vault.corp.test"
BODY = f"{MARK}/of-the-body"


@dataclass(frozen=True)
class Login:
    """Who may log in at a mount: ``wanted`` is what the body must hold, ``status`` how a wrong one is answered."""

    wanted: Mapping[str, str]
    status: int = 400
    certificate: bool = False


@dataclass
class Vault:
    """``tokens`` are which paths each token may read; ``kv1`` and ``kv2`` map a path with its mount to values.

    ``namespace`` is where all of it is. With ``status`` every answer has that status. ``deleted`` are paths whose
    current version is.
    """

    host: str = HOST
    namespace: str = ""
    status: int = 0
    kv1: dict[str, dict[str, Any]] = field(default_factory=dict)
    kv2: dict[str, dict[str, Any]] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    logins: dict[str, Login] = field(default_factory=dict)
    tokens: dict[str, set[str]] = field(default_factory=dict)
    server: AnsweringServer = field(init=False)

    def token(self, *paths: str) -> str:
        """Make a token that may read these paths, as a policy names them."""
        made = f"hvs.{MARK}/{secrets.token_urlsafe(24)}"
        self.tokens[made] = {*paths}
        return made

    @property
    def url(self) -> str:
        return f"https://{self.host}:{self.server.port}"

    @property
    def asked(self) -> list[str]:
        """What was asked for, in order."""
        return [f"{one.method} {one.path}" for one in self.server.requests]

    def answer(self, request: Request) -> CannedResponse:
        if self.status:
            return said(self.status)
        if request.headers.get("x-vault-namespace", "") != self.namespace:
            return said(403)
        path = request.path.removeprefix("/v1/")
        if path.startswith("auth/"):
            return self._login(request, path.removeprefix("auth/").removesuffix("/login"))
        if path not in self.tokens.get(request.headers.get("x-vault-token", ""), ()) or request.method != "GET":
            return said(403)
        return self._secret(path)

    def _secret(self, path: str) -> CannedResponse:
        mount, _, rest = path.partition("/")
        version2 = f"{mount}/{rest.removeprefix('data/')}"
        if rest.startswith("data/") and version2 in self.deleted:
            metadata = {"deletion_time": "2026-01-01T00:00:00Z", "destroyed": False, "version": 3}
            return CannedResponse.of_json({"data": {"data": None, "metadata": metadata}}, status=404)
        if rest.startswith("data/") and version2 in self.kv2:
            metadata = {"created_time": "2026-01-01T00:00:00Z", "deletion_time": "", "version": 3}
            return found({"data": self.kv2[version2], "metadata": metadata})
        return found(self.kv1[path]) if path in self.kv1 else said(404)

    def _login(self, request: Request, mount: str) -> CannedResponse:
        login = self.logins.get(mount)
        if login is None or request.method != "POST":
            return said(404)
        if json.loads(request.body) != login.wanted or (login.certificate and not request.client_certificate):
            return said(login.status)
        readable = {f"{path.partition('/')[0]}/data/{path.partition('/')[2]}" for path in self.kv2}
        auth = {"client_token": self.token(*readable, *self.kv1), "policies": ["charts"], "lease_duration": 3600}
        return CannedResponse.of_json({"auth": auth, "data": None})


def found(data: object) -> CannedResponse:
    return CannedResponse.of_json({"request_id": "1", "lease_duration": 0, "renewable": False, "data": data})


def said(status: int) -> CannedResponse:
    """An error of Vault's; what it says is what nobody may see."""
    return CannedResponse.of_json({"errors": [BODY]}, status=status)


@contextmanager
def serving(tls: ssl.SSLContext, host: str = HOST) -> Iterator[Vault]:
    """Serve until the block ends; the certificate is for ``host``."""
    vault = Vault(host)
    vault.server = AnsweringServer(vault.answer, tls)
    with vault.server.server.serving():
        yield vault
