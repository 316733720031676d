"""Oracle: the tenancy's namespace stands in front of the user."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from ocibroker.testing import ProviderContract
from ocibroker_oracle import ocibroker_providers
from tests.transport.brokers import Desk
from tests.vendors.asking import answered, complaint, rule

HOST = "fra.ocir.io"
TOKEN = "t0ken-of-the-contract"


class _Contract(ProviderContract):
    (provider,) = ocibroker_providers()
    look_alikes = ("fra.ocir.io/ansh81vru1zp/app", "fra.ocir.io.evil.example")
    secrets = (TOKEN,)

    def prepare(self, folder: Path) -> Mapping[str, str]:
        (folder / "user").write_text("acme\n")
        (folder / "token").write_text(f"{TOKEN}\n")
        return {"TOKEN": TOKEN}


class TestAuthToken(_Contract):
    options: Mapping[str, Any] = MappingProxyType(
        {"namespace": "ansh81vru1zp", "username": "jdoe", "token": {"file": "token"}}
    )


@pytest.mark.parametrize(
    ("options", "user"),
    [
        ({"namespace": "ansh81vru1zp", "username": "jdoe@acme.com", "token": TOKEN}, "ansh81vru1zp/jdoe@acme.com"),
        (
            {"namespace": "ansh81vru1zp", "username": "oracleidentitycloudservice/jdoe", "token": TOKEN},
            "ansh81vru1zp/oracleidentitycloudservice/jdoe",
        ),
    ],
)
def test_its_user_name_is_as_the_vendor_wants_it(options: dict[str, Any], user: str, desk: Desk) -> None:
    assert answered(desk, rule("oracle", HOST, **options), HOST) == (user, TOKEN)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"namespace": "Acme", "username": "jdoe", "token": "t"}, "no tenancy's"),
        ({"namespace": "ansh81", "username": "ansh81/jdoe", "token": "t"}, "leave it out"),
    ],
)
def test_options_that_cannot_work_are_refused_when_they_are_read(
    options: dict[str, Any], why: str, tmp_path: Path
) -> None:
    assert why in complaint(tmp_path, "oracle", **options)
