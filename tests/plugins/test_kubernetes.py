"""Secrets of Kubernetes and Fleet, by the suite that every provider passes; the rest is in ``tests/kubernetes``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import pytest

from ocibroker.testing import ProviderContract
from ocibroker_kubernetes import KubernetesProvider
from tests.kubernetes.cluster import TOKEN, encoded
from tests.kubernetes.mounts import entry, for_paths, mounted

pytestmark = pytest.mark.acceptance(34)

PASSWORD = "wonder-of-the-contract"
USER = MappingProxyType({"username": "alice", "password": PASSWORD})
LOGINS = {"auths": {"registry.example.com": {"auth": encoded(f"alice:{PASSWORD}")}}}
ENVIRON = MappingProxyType({"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"})


class _Mounted(ProviderContract):
    provider = KubernetesProvider()
    options: Mapping[str, Any] = MappingProxyType({"fleet_secret": "secret"})
    look_alikes = ("registry.example.com/team/app", "docker.io/library/alpine")
    secrets = (PASSWORD, encoded(PASSWORD))
    values: Mapping[str, str] = USER

    def prepare(self, folder: Path) -> Mapping[str, str]:
        mounted(folder / "secret", self.values)
        return {}


class TestHelmSecret(_Mounted):
    pass


class TestHelmSecretForPaths(_Mounted):
    options: Mapping[str, Any] = MappingProxyType({"fleet_secret": "secret", "path": "apps/one"})
    values: Mapping[str, str] = MappingProxyType({"secrets-path.yaml": for_paths({"apps/*": entry(**USER)})})


class TestStorage(_Mounted):
    values: Mapping[str, str] = MappingProxyType({**USER, "reference": "registry.example.com/fleet"})


class TestDockerConfig(_Mounted):
    values: Mapping[str, str] = MappingProxyType({".dockerconfigjson": json.dumps(LOGINS)})


class TestDockerCfg(_Mounted):
    values: Mapping[str, str] = MappingProxyType({".dockercfg": json.dumps(LOGINS["auths"])})


class _AtTheApiServer(ProviderContract):
    provider = KubernetesProvider()
    options: Mapping[str, Any] = MappingProxyType({"secret": "apps/pull", "credentials": "pod"})
    look_alikes = ("registry.example.com/team/app",)
    secrets = (PASSWORD, encoded(PASSWORD), TOKEN)
    values: Mapping[str, str] = USER
    kind = "Opaque"

    def prepare(self, folder: Path) -> Mapping[str, str]:
        mounted(folder / "pod", {"token": TOKEN, "ca.crt": "looked into by who connects"})
        return ENVIRON

    def answer(self, request: httpx.Request) -> httpx.Response:
        assert str(request.url).startswith("https://10.0.0.1/api/v1/namespaces/apps/")
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        if "/serviceaccounts/" in request.url.path:
            return httpx.Response(200, json={"kind": "ServiceAccount", "imagePullSecrets": [{"name": "pull"}]})
        data = {key: encoded(value) for key, value in self.values.items()}
        return httpx.Response(200, json={"kind": "Secret", "type": self.kind, "data": data})


class TestSecret(_AtTheApiServer):
    pass


class TestBasicAuth(_AtTheApiServer):
    kind = "kubernetes.io/basic-auth"


class TestStorageSecret(_AtTheApiServer):
    kind = "fleet.cattle.io/bundle-oci-storage/v1alpha1"
    values: Mapping[str, str] = MappingProxyType({**USER, "reference": "registry.example.com/fleet"})


class TestDockerConfigSecret(_AtTheApiServer):
    kind = "kubernetes.io/dockerconfigjson"
    values: Mapping[str, str] = MappingProxyType({".dockerconfigjson": json.dumps(LOGINS)})


class TestServiceAccount(_AtTheApiServer):
    options: Mapping[str, Any] = MappingProxyType({"service_account": "apps/default", "credentials": "pod"})
    kind = "kubernetes.io/dockercfg"
    values: Mapping[str, str] = MappingProxyType({".dockercfg": json.dumps(LOGINS["auths"])})
