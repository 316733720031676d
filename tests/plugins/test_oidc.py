"""Exchanged identity tokens, by the suite that every provider passes; the rest is in ``tests/plugins/oidc``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx

from ocibroker.testing import ProviderContract
from ocibroker_oidc import OidcProvider
from tests.oidc.issuers import GITHUB
from tests.plugins.oidc.asking import CASES

SUBJECT = "identity.t0ken-of-the.contract"
GRANTED = "granted-t0ken-of-the-contract"
SECRETS = (SUBJECT, GITHUB["ACTIONS_ID_TOKEN_REQUEST_TOKEN"], "s3cret/of+the client")


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


class TestOfGitHubActions(ProviderContract):
    provider = OidcProvider()
    options = MappingProxyType({**CASES["quay"].options, "source": "github-actions"})
    secrets = SECRETS

    def prepare(self, folder: Path) -> Mapping[str, str]:
        return GITHUB

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "pipelines.actions.test":
            return httpx.Response(200, json={"value": SUBJECT})
        return httpx.Response(200, json={"token": GRANTED})
