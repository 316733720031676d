"""Harbor: a robot's whole name has the prefix that the administrator has set."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from ocibroker.testing import ProviderContract
from ocibroker_harbor import ocibroker_providers
from tests.transport.brokers import Desk
from tests.vendors.asking import answered, complaint, rule

HOST = "harbor.example.com"
TOKEN = "t0ken-of-the-contract"


class _Contract(ProviderContract):
    (provider,) = ocibroker_providers()
    look_alikes = ("harbor.example.com/library/app", "demo.goharbor.io")
    secrets = (TOKEN,)

    def prepare(self, folder: Path) -> Mapping[str, str]:
        (folder / "user").write_text("acme\n")
        (folder / "token").write_text(f"{TOKEN}\n")
        return {"TOKEN": TOKEN}


class TestRobot(_Contract):
    options: Mapping[str, Any] = MappingProxyType({"robot": "library+ci", "secret": {"file": "token"}})


class TestUser(_Contract):
    options: Mapping[str, Any] = MappingProxyType({"username": {"file": "user"}, "secret": {"env": "TOKEN"}})


@pytest.mark.parametrize(
    ("options", "user"),
    [
        ({"robot": "library+ci", "secret": TOKEN}, "robot$library+ci"),
        ({"robot": "ci", "secret": TOKEN}, "robot$ci"),
        ({"robot": "library+ci", "prefix": "doaas-", "secret": TOKEN}, "doaas-library+ci"),
        ({"username": "alice", "secret": TOKEN}, "alice"),
    ],
)
def test_its_user_name_is_as_the_vendor_wants_it(options: dict[str, Any], user: str, desk: Desk) -> None:
    assert answered(desk, rule("harbor", HOST, **options), HOST) == (user, TOKEN)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"robot": "robot$library+ci", "secret": "t"}, "leave the prefix out"),
        ({"secret": "t"}, "exactly one of robot and username"),
        ({"robot": "ci", "username": "alice", "secret": "t"}, "exactly one of robot and username"),
    ],
)
def test_options_that_cannot_work_are_refused_when_they_are_read(
    options: dict[str, Any], why: str, tmp_path: Path
) -> None:
    assert why in complaint(tmp_path, "harbor", **options)
