"""Oracle: the tenancy's namespace stands in front of the user."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ocibroker_oracle import ocibroker_providers
from tests.vendors.contract import LoginContract


class _Contract(LoginContract):
    (provider,) = ocibroker_providers()
    look_alikes = ("fra.ocir.io/ansh81vru1zp/app", "fra.ocir.io.evil.example")


class TestAuthToken(_Contract):
    options: Mapping[str, Any] = MappingProxyType(
        {"namespace": "ansh81vru1zp", "username": "jdoe", "token": {"file": "token"}}
    )
