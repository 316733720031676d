"""Harbor: a robot's whole name has the prefix that the administrator has set."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ocibroker_harbor import ocibroker_providers
from tests.vendors.contract import LoginContract


class _Contract(LoginContract):
    (provider,) = ocibroker_providers()
    look_alikes = ("harbor.example.com/library/app", "demo.goharbor.io")


class TestRobot(_Contract):
    options: Mapping[str, Any] = MappingProxyType({"robot": "library+ci", "secret": {"file": "token"}})


class TestUser(_Contract):
    options: Mapping[str, Any] = MappingProxyType({"username": {"file": "user"}, "secret": {"env": "TOKEN"}})
