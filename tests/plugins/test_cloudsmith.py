"""Cloudsmith: an entitlement token's user is called token."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ocibroker_cloudsmith import ocibroker_providers
from tests.vendors.contract import LoginContract


class _Contract(LoginContract):
    (provider,) = ocibroker_providers()
    look_alikes = ("docker.cloudsmith.io/acme/app", "docker.cloudsmith.io.evil.example")


class TestEntitlement(_Contract):
    options: Mapping[str, Any] = MappingProxyType({"token": {"file": "token"}})


class TestApiKey(_Contract):
    options: Mapping[str, Any] = MappingProxyType({"username": "acme-ci", "token": {"env": "TOKEN"}})
