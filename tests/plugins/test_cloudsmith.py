"""Cloudsmith: an entitlement token's user is called token."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from ocibroker.testing import ProviderContract
from ocibroker_cloudsmith import ocibroker_providers
from tests.transport.brokers import Desk
from tests.vendors.asking import answered, complaint, rule

HOST = "docker.cloudsmith.io"
TOKEN = "t0ken-of-the-contract"


class _Contract(ProviderContract):
    (provider,) = ocibroker_providers()
    look_alikes = ("docker.cloudsmith.io/acme/app", "docker.cloudsmith.io.evil.example")
    secrets = (TOKEN,)

    def prepare(self, folder: Path) -> Mapping[str, str]:
        (folder / "user").write_text("acme\n")
        (folder / "token").write_text(f"{TOKEN}\n")
        return {"TOKEN": TOKEN}


class TestEntitlement(_Contract):
    options: Mapping[str, Any] = MappingProxyType({"token": {"file": "token"}})


class TestApiKey(_Contract):
    options: Mapping[str, Any] = MappingProxyType({"username": "acme-ci", "token": {"env": "TOKEN"}})


@pytest.mark.parametrize(
    ("options", "user"),
    [
        ({"token": TOKEN}, "token"),
        ({"username": "acme-ci", "token": TOKEN}, "acme-ci"),
    ],
)
def test_its_user_name_is_as_the_vendor_wants_it(options: dict[str, Any], user: str, desk: Desk) -> None:
    assert answered(desk, rule("cloudsmith", HOST, **options), HOST) == (user, TOKEN)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"username": "alice"}, "token"),
        ({"username": 7, "token": "t"}, "username"),
    ],
)
def test_options_that_cannot_work_are_refused_when_they_are_read(
    options: dict[str, Any], why: str, tmp_path: Path
) -> None:
    assert why in complaint(tmp_path, "cloudsmith", **options)
