"""Chainguard: a pull token's user is an identity below an organisation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from ocibroker.testing import ProviderContract
from ocibroker_chainguard import ocibroker_providers
from tests.transport.brokers import Desk
from tests.vendors.asking import answered, complaint, rule

HOST = "cgr.dev"
TOKEN = "t0ken-of-the-contract"


class _Contract(ProviderContract):
    (provider,) = ocibroker_providers()
    look_alikes = ("cgr.dev/chainguard/static", "cgr.dev.evil.example")
    secrets = (TOKEN,)

    def prepare(self, folder: Path) -> Mapping[str, str]:
        (folder / "user").write_text("acme\n")
        (folder / "token").write_text(f"{TOKEN}\n")
        return {"TOKEN": TOKEN}


class TestPullToken(_Contract):
    options: Mapping[str, Any] = MappingProxyType(
        {"identity": "720909c9f5279097d847ad02a2f24ba8f59de36a/a033a6fabe0bfa0d", "token": {"file": "token"}}
    )


@pytest.mark.parametrize(
    ("options", "user"),
    [
        (
            {"identity": "720909c9f5279097d847ad02a2f24ba8f59de36a/a033a6fabe0bfa0d", "token": TOKEN},
            "720909c9f5279097d847ad02a2f24ba8f59de36a/a033a6fabe0bfa0d",
        ),
    ],
)
def test_its_user_name_is_as_the_vendor_wants_it(options: dict[str, Any], user: str, desk: Desk) -> None:
    assert answered(desk, rule("chainguard", HOST, **options), HOST) == (user, TOKEN)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"identity": "alice", "token": "t"}, "no organisation's id"),
        ({"identity": "720909c9f5279097d847ad02a2f24ba8f59de36a", "token": "t"}, "no organisation's id"),
        (
            {"identity": "720909c9f5279097d847ad02a2f24ba8f59de36a/a033a6fabe0bfa0d/", "token": "t"},
            "no organisation's id",
        ),
    ],
)
def test_options_that_cannot_work_are_refused_when_they_are_read(
    options: dict[str, Any], why: str, tmp_path: Path
) -> None:
    assert why in complaint(tmp_path, "chainguard", **options)
