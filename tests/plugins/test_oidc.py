"""Exchanged identity tokens, by the suite that every provider passes; the rest is in ``tests/plugins/oidc``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx

from ocibroker.testing import ProviderContract
from ocibroker_oidc import OidcProvider
from tests.plugins.oidc.asking import CASES
from tests.plugins.oidc.references import GITHUB_ACTIONS, GOOGLE_IDENTITY, KUBERNETES_TOKEN, SUBJECT
from tests.plugins.oidc.referring import SECRETS as ISSUED
from tests.plugins.oidc.referring import Referring

GRANTED = "granted-t0ken-of-the-contract"
SECRETS = (SUBJECT, "s3cret/of+the client")


class _Kept(ProviderContract):
    provider = OidcProvider()
    look_alikes = ("quay.io", "docker.io/library/alpine", "cgr.dev", "registry.example.com")
    secrets = SECRETS
    exchange = "rfc8693"

    @property
    def options(self) -> Mapping[str, Any]:  # type: ignore[override]
        return {**CASES[self.exchange].options, "token": {"file": "identity"}}

    def prepare(self, folder: Path) -> Mapping[str, str]:
        (folder / "identity").write_text(SUBJECT)
        return {}

    def answer(self, request: httpx.Request) -> httpx.Response:
        said = {"access_token": GRANTED, "token": GRANTED, "token_type": "Bearer", "username": "ci"}
        return httpx.Response(200, json=said)


class TestRfc8693(_Kept):
    pass


class TestQuay(_Kept):
    exchange = "quay"


class TestDockerHub(_Kept):
    exchange = "dockerhub"


class TestArtifactory(_Kept):
    exchange = "artifactory"


class TestChainguard(_Kept):
    exchange = "chainguard"


class TestCloudsmith(_Kept):
    exchange = "cloudsmith"


class _Granting(ProviderContract):
    def answer(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"token": GRANTED})


class _Asked(Referring, _Granting):
    provider = OidcProvider()
    secrets = (*SECRETS, *ISSUED)
    said: Mapping[str, Any] = MappingProxyType({})

    @property
    def options(self) -> Mapping[str, Any]:  # type: ignore[override]
        return {**CASES["quay"].options, **self.said}


class TestOfGitHubActions(_Asked):
    reference = GITHUB_ACTIONS
    said = MappingProxyType({"source": "github-actions"})


class TestOfKubernetes(_Asked):
    reference = KUBERNETES_TOKEN
    said = MappingProxyType({"source": "kubernetes", "service_account": "apps/puller", "credentials": "pod"})


class TestOfGoogle(_Asked):
    reference = GOOGLE_IDENTITY
    said = MappingProxyType({"source": "google", "audience": "quay.test"})


class TestOfAReference(_Asked):
    reference = GITHUB_ACTIONS
    said = MappingProxyType({"token": GITHUB_ACTIONS.table("quay.test")})
