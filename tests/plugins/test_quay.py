"""Quay: robots have two names, and tokens of users a name that says what they are."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ocibroker_quay import ocibroker_providers
from tests.vendors.contract import LoginContract


class _Contract(LoginContract):
    (provider,) = ocibroker_providers()
    look_alikes = ("quay.io/acme/app", "quay.io.evil.example", "quay.example.com")


class TestRobot(_Contract):
    options: Mapping[str, Any] = MappingProxyType({"username": "acme+deploy", "token": {"file": "token"}})


class TestToken(_Contract):
    options: Mapping[str, Any] = MappingProxyType({"username": "$oauthtoken", "token": {"env": "TOKEN"}})
