"""An API server of Kubernetes on loopback: secrets and service accounts, for whoever has the token."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ocibroker.testing import Authority, CannedResponse
from ocibroker.testing.request import Request
from tests.transport.answering_server import AnsweringServer

TOKEN = "t0ken-of-the-service-account"
HOST = "kubernetes.test"


@dataclass
class Cluster:
    """``objects`` are by path; ``token`` is empty where a client certificate says who asks.

    With ``status`` every answer has that status.
    """

    folder: Path
    token: str = TOKEN
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    status: int = 0
    server: AnsweringServer = field(init=False)

    def secret(self, name: str, values: Mapping[str, str | bytes], kind: str = "Opaque") -> None:
        """Put a secret, ``namespace/name``, there."""
        namespace, _, short = name.partition("/")
        self.objects[f"/api/v1/namespaces/{namespace}/secrets/{short}"] = {
            "kind": "Secret",
            "apiVersion": "v1",
            "metadata": {"name": short, "namespace": namespace},
            "type": kind,
            "data": {key: encoded(value) for key, value in values.items()},
        }

    def account(self, name: str, *secrets: str) -> None:
        """Put a service account, ``namespace/name``, with these ``imagePullSecrets`` there."""
        namespace, _, short = name.partition("/")
        self.objects[f"/api/v1/namespaces/{namespace}/serviceaccounts/{short}"] = {
            "kind": "ServiceAccount",
            "apiVersion": "v1",
            "metadata": {"name": short, "namespace": namespace},
            "imagePullSecrets": [{"name": secret} for secret in secrets],
        }

    def answer(self, request: Request) -> CannedResponse:
        if self.status:
            return said(self.status)
        if request.headers.get("authorization") != (f"Bearer {self.token}" if self.token else None):
            return said(401)
        found = self.objects.get(request.path) if request.method == "GET" else None
        return CannedResponse.of_json(found) if found else said(404)

    def mount(self, authority: Authority, token: str = TOKEN) -> Path:
        """Write what a pod finds of its service account; return the folder."""
        folder = self.folder / "serviceaccount"
        folder.mkdir(exist_ok=True)
        (folder / "token").write_text(token)
        (folder / "ca.crt").write_text(authority.pem)
        return folder

    @property
    def environ(self) -> dict[str, str]:
        """What the kubelet sets in each container."""
        return {"KUBERNETES_SERVICE_HOST": HOST, "KUBERNETES_SERVICE_PORT": str(self.server.port)}

    @property
    def asked(self) -> list[str]:
        """The paths that were asked for, in order."""
        return [request.path for request in self.server.requests]


def encoded(value: str | bytes) -> str:
    return base64.b64encode(value if isinstance(value, bytes) else value.encode()).decode()


def said(status: int) -> CannedResponse:
    """A Status object, which quotes what was asked for."""
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "c4n4ry", "code": status}
    return CannedResponse.of_json(body, status=status)


@contextmanager
def serving(folder: Path, tls: ssl.SSLContext) -> Iterator[Cluster]:
    """Serve until the block ends."""
    cluster = Cluster(folder)
    cluster.server = AnsweringServer(cluster.answer, tls)
    with cluster.server.server.serving():
        yield cluster
