"""Google Artifact Registry and gcr.io, by the suite that every provider passes; the rest is in ``gar/``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import pytest

from ocibroker.testing import ProviderContract
from ocibroker_gar import GarProvider
from tests.google.accounts import CLIENT_SECRET, POOL, Accounts, federated, generate_url, written
from tests.google.registries import LOOK_ALIKES, REGISTRIES, SOVEREIGN
from tests.plugins.oidc.references import GITHUB_ACTIONS, GOOGLE_IDENTITY, KUBERNETES_TOKEN
from tests.plugins.oidc.referring import SECRETS, Referring

pytestmark = pytest.mark.acceptance(34)

ACCESS, SUBJECT = "ya29.a-token-of-the-tests", "a-signed-identity-token"
ACCOUNT = "pull@acme-prod.iam.gserviceaccount.com"
KEY = Accounts().key("ci")
LOGIN = Accounts().login("alice")
FLAVOR = MappingProxyType({"Metadata-Flavor": "Google"})


def told(request: httpx.Request) -> httpx.Response:
    """Answer as Google does."""
    if request.url.host == "iamcredentials.googleapis.com":
        expires = f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
        return httpx.Response(200, json={"accessToken": ACCESS, "expireTime": expires})
    if request.url.path.endswith("universe-domain"):
        return httpx.Response(200, text="googleapis.com", headers=FLAVOR)
    return httpx.Response(200, json={"access_token": ACCESS, "expires_in": 3599}, headers=FLAVOR)


class _Contract(ProviderContract):
    provider = GarProvider()
    recognised = ("gcr.io/acme/app", *(f"{host}/acme/app" for host in REGISTRIES), f"{SOVEREIGN}/acme/app")
    look_alikes = LOOK_ALIKES
    secrets: Sequence[str] = (ACCESS,)

    def answer(self, request: httpx.Request) -> httpx.Response:
        return told(request)


class TestMetadataServer(_Contract):
    pass


class TestKey(_Contract):
    secrets = (ACCESS, KEY["private_key"], hashlib.sha256(KEY["private_key"].encode()).hexdigest())

    def prepare(self, folder: Path) -> Mapping[str, str]:
        return {"GOOGLE_APPLICATION_CREDENTIALS": str(written(folder / "key.json", KEY))}


class TestLogin(_Contract):
    secrets = (ACCESS, LOGIN["refresh_token"], CLIENT_SECRET)

    def prepare(self, folder: Path) -> Mapping[str, str]:
        written(folder / ".config" / "gcloud" / "application_default_credentials.json", LOGIN)
        return {"HOME": str(folder)}


class TestCredentialsOfARule(_Contract):
    options = MappingProxyType({"credentials": {"file": "key.json"}})
    secrets = (ACCESS, KEY["private_key"])

    def prepare(self, folder: Path) -> Mapping[str, str]:
        written(folder / "key.json", KEY)
        return {}


class TestCredentialsInAVariable(_Contract):
    options = MappingProxyType({"credentials": {"env": "KEY"}})
    secrets = (ACCESS, KEY["private_key"])

    def prepare(self, folder: Path) -> Mapping[str, str]:
        return {"KEY": json.dumps(KEY)}


class TestFederation(_Contract):
    options = MappingProxyType({"credentials": {"file": "federated.json"}})
    secrets = (ACCESS, SUBJECT)

    def prepare(self, folder: Path) -> Mapping[str, str]:
        (folder / "token").write_text(SUBJECT)
        named = federated({"file": str(folder / "token")}, service_account_impersonation_url=generate_url(ACCOUNT))
        written(folder / "federated.json", named)
        return {}


class TestIdentityToken(_Contract):
    options = MappingProxyType(
        {"identity_token": {"file": "token"}, "workload_identity_provider": f"{POOL}ci", "impersonate": ACCOUNT}
    )
    secrets = (ACCESS, SUBJECT)

    def prepare(self, folder: Path) -> Mapping[str, str]:
        (folder / "token").write_text(SUBJECT)
        return {}


class _Referring(Referring, _Contract):
    secrets = (ACCESS, *SECRETS)

    @property
    def options(self) -> Mapping[str, Any]:  # type: ignore[override]
        return {"workload_identity_provider": f"{POOL}ci", "identity_token": self.reference.table("any", "pod")}


class TestGitHubActions(_Referring):
    reference = GITHUB_ACTIONS


class TestKubernetesToken(_Referring):
    reference = KUBERNETES_TOKEN


class TestGoogleIdentity(_Referring):
    reference = GOOGLE_IDENTITY


class TestImpersonation(_Contract):
    options = MappingProxyType({"impersonate": ["first@acme-prod.iam.gserviceaccount.com", ACCOUNT]})
