"""Vault as a provider, by the suite that every provider passes; the source of secrets is in ``vault/``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx

from ocibroker.testing import ProviderContract
from ocibroker_vault import VaultProvider

PASSWORD, TOKEN, SECRET_ID = "wonder-of-the-contract", "hvs.of-the-contract", "secret-id-of-the-contract"
URL = "https://vault.example.com"
VALUES = MappingProxyType({"username": "alice", "password": PASSWORD})


class _Kept(ProviderContract):
    provider = VaultProvider()
    look_alikes = ("registry.example.com/team/app", "vault.example.com", "docker.io/library/alpine")
    secrets = (PASSWORD, TOKEN, SECRET_ID)
    data: Mapping[str, Any] = MappingProxyType({"data": dict(VALUES), "metadata": {"version": 1}})
    path = "secret/data/charts"

    def prepare(self, folder: Path) -> Mapping[str, str]:
        (folder / "token").write_text(TOKEN)
        (folder / "secret-id").write_text(SECRET_ID)
        return {}

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/auth/approle/login":
            assert json.loads(request.content) == {"role_id": "pull", "secret_id": SECRET_ID}
            return httpx.Response(200, json={"auth": {"client_token": TOKEN}})
        assert str(request.url) == f"{URL}/v1/{self.path}"
        assert request.headers["x-vault-token"] == TOKEN
        return httpx.Response(200, json={"data": dict(self.data)})


class TestByToken(_Kept):
    options = MappingProxyType({"url": URL, "path": "charts", "token": {"file": "token"}})


class TestVersion1(_Kept):
    options = MappingProxyType({"url": URL, "path": "charts", "kv": 1, "token": {"file": "token"}})
    path = "secret/charts"
    data = VALUES


class TestByAppRole(_Kept):
    options = MappingProxyType(
        {"url": URL, "path": "charts", "auth": "approle", "role_id": "pull", "secret_id": {"file": "secret-id"}}
    )
