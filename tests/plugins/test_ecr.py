"""Amazon ECR keeps the contract of a provider, whoever asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import pytest

from ocibroker.testing import ProviderContract
from ocibroker_ecr import EcrProvider
from tests.aws.registries import LOOK_ALIKES, REGISTRIES
from tests.plugins.ecr.asking import HOST, PUBLIC
from tests.plugins.ecr.told import KEY_ID, SECRET_KEY, SESSION, TOKEN, told
from tests.plugins.oidc.references import GITHUB_ACTIONS, GOOGLE_IDENTITY, KUBERNETES_TOKEN
from tests.plugins.oidc.referring import SECRETS, Referring

pytestmark = pytest.mark.acceptance(34)


class _Contract(ProviderContract):
    provider = EcrProvider()
    recognised = (HOST, *(f"{host}/team/app" for host in REGISTRIES))
    look_alikes = LOOK_ALIKES
    secrets: Sequence[str] = (SECRET_KEY, SESSION, TOKEN)

    def prepare(self, folder: Path) -> Mapping[str, str]:
        return {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_SESSION_TOKEN": SESSION}

    def answer(self, request: httpx.Request) -> httpx.Response:
        return told(request)


class TestKeysInTheEnvironment(_Contract):
    pass


class TestPublic(_Contract):
    recognised = (PUBLIC, *REGISTRIES)


class TestProfile(_Contract):
    options = MappingProxyType({"profile": "prod"})

    def prepare(self, folder: Path) -> Mapping[str, str]:
        (folder / ".aws").mkdir(exist_ok=True)
        keys = f"aws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
        (folder / ".aws" / "credentials").write_text(f"[prod]\n{keys}")
        return {"HOME": str(folder)}


class TestRoles(_Contract):
    options = MappingProxyType(
        {"role_arn": ["arn:aws:iam::1:role/a", "arn:aws:iam::2:role/b"], "external_id": "ext"}
    )


class TestWebIdentity(_Contract):
    options = MappingProxyType({"role_arn": "arn:aws:iam::1:role/a", "web_identity_token": {"file": "token"}})
    secrets = (SECRET_KEY, SESSION, TOKEN, "a-signed-identity-token")

    def prepare(self, folder: Path) -> Mapping[str, str]:
        (folder / "token").write_text("a-signed-identity-token")
        return {}


class _Referring(Referring, _Contract):
    secrets = (SECRET_KEY, SESSION, TOKEN, *SECRETS)

    @property
    def options(self) -> Mapping[str, Any]:  # type: ignore[override]
        return {
            "role_arn": "arn:aws:iam::1:role/a",
            "web_identity_token": self.reference.table("sts.amazonaws.com", "pod"),
        }


class TestGitHubActions(_Referring):
    reference = GITHUB_ACTIONS


class TestKubernetesToken(_Referring):
    reference = KUBERNETES_TOKEN


class TestGoogleIdentity(_Referring):
    reference = GOOGLE_IDENTITY
