"""Docker Hub: the user is a person or an organisation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from ocibroker.testing import ProviderContract
from ocibroker_dockerhub import ocibroker_providers
from tests.transport.brokers import Desk
from tests.vendors.asking import answered, complaint, rule

HOST = "docker.io"
TOKEN = "t0ken-of-the-contract"


class _Contract(ProviderContract):
    (provider,) = ocibroker_providers()
    look_alikes = ("docker.io/library/alpine", "registry-1.docker.io", "docker.io.evil.example")
    secrets = (TOKEN,)

    def prepare(self, folder: Path) -> Mapping[str, str]:
        (folder / "user").write_text("acme\n")
        (folder / "token").write_text(f"{TOKEN}\n")
        return {"TOKEN": TOKEN}


class TestPersonal(_Contract):
    options: Mapping[str, Any] = MappingProxyType({"username": "alice", "token": {"file": "token"}})


class TestOrganization(_Contract):
    options: Mapping[str, Any] = MappingProxyType({"organization": {"file": "user"}, "token": {"env": "TOKEN"}})


@pytest.mark.parametrize(
    ("options", "user"),
    [
        ({"username": "alice", "token": TOKEN}, "alice"),
        ({"organization": "acme", "token": TOKEN}, "acme"),
    ],
)
def test_its_user_name_is_as_the_vendor_wants_it(options: dict[str, Any], user: str, desk: Desk) -> None:
    assert answered(desk, rule("dockerhub", HOST, **options), HOST) == (user, TOKEN)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"token": "t"}, "exactly one of username and organization"),
        ({"username": "a", "organization": "b", "token": "t"}, "exactly one of username and organization"),
        ({"username": "a"}, "token"),
    ],
)
def test_options_that_cannot_work_are_refused_when_they_are_read(
    options: dict[str, Any], why: str, tmp_path: Path
) -> None:
    assert why in complaint(tmp_path, "dockerhub", **options)
