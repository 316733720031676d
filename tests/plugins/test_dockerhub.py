"""Docker Hub: the user is a person or an organisation."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ocibroker_dockerhub import ocibroker_providers
from tests.vendors.contract import LoginContract


class _Contract(LoginContract):
    (provider,) = ocibroker_providers()
    look_alikes = ("docker.io/library/alpine", "registry-1.docker.io", "docker.io.evil.example")


class TestPersonal(_Contract):
    options: Mapping[str, Any] = MappingProxyType({"username": "alice", "token": {"file": "token"}})


class TestOrganization(_Contract):
    options: Mapping[str, Any] = MappingProxyType({"organization": {"file": "user"}, "token": {"env": "TOKEN"}})
