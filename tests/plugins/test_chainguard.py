"""Chainguard: a pull token's user is an identity below an organisation."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ocibroker_chainguard import ocibroker_providers
from tests.vendors.contract import LoginContract


class _Contract(LoginContract):
    (provider,) = ocibroker_providers()
    look_alikes = ("cgr.dev/chainguard/static", "cgr.dev.evil.example")


class TestPullToken(_Contract):
    options: Mapping[str, Any] = MappingProxyType(
        {"identity": "720909c9f5279097d847ad02a2f24ba8f59de36a/a033a6fabe0bfa0d", "token": {"file": "token"}}
    )
