"""Quay: robots have two names, and tokens of users a name that says what they are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from ocibroker.testing import ProviderContract
from ocibroker_quay import ocibroker_providers
from tests.transport.brokers import Desk
from tests.vendors.asking import answered, complaint, rule

HOST = "quay.io"
TOKEN = "t0ken-of-the-contract"


class _Contract(ProviderContract):
    (provider,) = ocibroker_providers()
    look_alikes = ("quay.io/acme/app", "quay.io.evil.example", "quay.example.com")
    secrets = (TOKEN,)

    def prepare(self, folder: Path) -> Mapping[str, str]:
        (folder / "user").write_text("acme\n")
        (folder / "token").write_text(f"{TOKEN}\n")
        return {"TOKEN": TOKEN}


class TestRobot(_Contract):
    options: Mapping[str, Any] = MappingProxyType({"username": "acme+deploy", "token": {"file": "token"}})


class TestToken(_Contract):
    options: Mapping[str, Any] = MappingProxyType({"username": "$oauthtoken", "token": {"env": "TOKEN"}})


@pytest.mark.parametrize(
    ("options", "user"),
    [
        ({"username": "acme+deploy", "token": TOKEN}, "acme+deploy"),
        ({"username": "alice.b+ci_1", "token": TOKEN}, "alice.b+ci_1"),
        ({"username": "$oauthtoken", "token": TOKEN}, "$oauthtoken"),
        ({"username": "$app", "token": TOKEN}, "$app"),
    ],
)
def test_its_user_name_is_as_the_vendor_wants_it(options: dict[str, Any], user: str, desk: Desk) -> None:
    assert answered(desk, rule("quay", HOST, **options), HOST) == (user, TOKEN)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"username": "alice", "token": "t"}, "neither a robot"),
        ({"username": "+deploy", "token": "t"}, "neither a robot"),
        ({"username": "$token", "token": "t"}, "neither a robot"),
        ({"username": "acme+deploy:x", "token": "t"}, "neither a robot"),
        ({"username": "acme+deploy\n", "token": "t"}, "neither a robot"),
    ],
)
def test_options_that_cannot_work_are_refused_when_they_are_read(
    options: dict[str, Any], why: str, tmp_path: Path
) -> None:
    assert why in complaint(tmp_path, "quay", **options)
