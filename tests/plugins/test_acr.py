"""Azure Container Registry keeps the contract of providers, by each kind of identity.

What it does is told by the tests in ``acr/``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import pytest

from ocibroker.testing import ProviderContract
from ocibroker_acr import AcrProvider
from tests.azure.registries import LOOK_ALIKES, REGISTRIES
from tests.azure.registry_tokens import unsigned
from tests.plugins.acr.asking import HOST, with_cli
from tests.plugins.acr.certificates import certificate
from tests.plugins.oidc.references import GITHUB_ACTIONS, GOOGLE_IDENTITY, KUBERNETES_TOKEN
from tests.plugins.oidc.referring import SECRETS, Referring

pytestmark = [pytest.mark.acceptance(34), pytest.mark.acceptance(35)]

SECRET, TOKEN, ASSERTION = "s3cret-of-the-application", "t0ken-of-entra-id", "a-signed-identity-token"
NAMED = MappingProxyType({"AZURE_TENANT_ID": "the-tenant", "AZURE_CLIENT_ID": "the-client"})


def told(request: httpx.Request) -> httpx.Response:
    """Answer as Azure does."""
    now, host = datetime.now(UTC), request.url.host
    if request.url.path == "/oauth2/exchange":
        times = {"iat": int(now.timestamp()), "exp": int((now + timedelta(hours=3)).timestamp())}
        return httpx.Response(200, json={"refresh_token": unsigned(times)})
    if host == "169.254.169.254" and "metadata" not in request.headers:
        return httpx.Response(400, json={"error": "invalid_request"})
    if request.url.path.endswith("/openid-configuration"):
        base = f"https://{host}/the-tenant/oauth2/v2.0"
        endpoints = {"authorization_endpoint": f"{base}/authorize", "token_endpoint": f"{base}/token"}
        return httpx.Response(200, json=endpoints)
    return httpx.Response(200, json={"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"})


class _Contract(ProviderContract):
    provider = AcrProvider()
    recognised = (HOST, *(f"{host}/team/app" for host in REGISTRIES), "mcr.microsoft.com/dotnet/runtime")
    look_alikes = LOOK_ALIKES
    secrets: Sequence[str] = (SECRET, TOKEN, ASSERTION)

    def answer(self, request: httpx.Request) -> httpx.Response:
        return told(request)


class TestSecretInTheEnvironment(_Contract):
    def prepare(self, folder: Path) -> Mapping[str, str]:
        return {**NAMED, "AZURE_CLIENT_SECRET": SECRET}


class TestCertificate(_Contract):
    def prepare(self, folder: Path) -> Mapping[str, str]:
        path = folder / "certificate.pem"
        path.write_bytes(certificate(SECRET).pem)
        more = {"AZURE_CLIENT_CERTIFICATE_PATH": str(path), "AZURE_CLIENT_CERTIFICATE_PASSWORD": SECRET}
        return {**NAMED, **more}


class TestWorkloadIdentity(_Contract):
    def prepare(self, folder: Path) -> Mapping[str, str]:
        (folder / "token").write_text(ASSERTION)
        return {**NAMED, "AZURE_FEDERATED_TOKEN_FILE": str(folder / "token")}


class TestManagedIdentity(_Contract):
    pass


class TestAppService(_Contract):
    def prepare(self, folder: Path) -> Mapping[str, str]:
        return {"IDENTITY_ENDPOINT": "http://169.254.129.3:8081/msi/token", "IDENTITY_HEADER": SECRET}


class TestAzureCli(_Contract):
    options = MappingProxyType({"order": ["azure-cli"]})

    def prepare(self, folder: Path) -> Mapping[str, str]:
        return with_cli(folder, json.dumps({"accessToken": TOKEN}))


class TestRule(_Contract):
    options = MappingProxyType(
        {"tenant_id": "the-tenant", "client_id": "the-client", "client_secret": {"file": "secret"}}
    )

    def prepare(self, folder: Path) -> Mapping[str, str]:
        (folder / "secret").write_text(f"{SECRET}\n")
        return {}


class _Referring(Referring, _Contract):
    secrets = (TOKEN, *SECRETS)

    @property
    def options(self) -> Mapping[str, Any]:  # type: ignore[override]
        return {
            "tenant_id": "the-tenant",
            "client_id": "the-client",
            "federated_token": self.reference.table("any", "pod"),
        }


class TestGitHubActions(_Referring):
    reference = GITHUB_ACTIONS


class TestKubernetesToken(_Referring):
    reference = KUBERNETES_TOKEN


class TestGoogleIdentity(_Referring):
    reference = GOOGLE_IDENTITY


class TestMicrosoftsOwnRegistry(_Contract):
    recognised = ("mcr.microsoft.com/dotnet/runtime", HOST)
