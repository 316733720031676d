"""User names as each vendor wants them, and the options by which none can be made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.transport.brokers import Desk
from tests.vendors.asking import answered, complaint, rule
from tests.vendors.contract import TOKEN


@pytest.mark.parametrize(
    ("provider", "host", "options", "user"),
    [
        (
            "chainguard",
            "cgr.dev",
            {"identity": "720909c9f5279097d847ad02a2f24ba8f59de36a/a033a6fabe0bfa0d", "token": TOKEN},
            "720909c9f5279097d847ad02a2f24ba8f59de36a/a033a6fabe0bfa0d",
        ),
        ("cloudsmith", "docker.cloudsmith.io", {"token": TOKEN}, "token"),
        ("cloudsmith", "docker.cloudsmith.io", {"username": "acme-ci", "token": TOKEN}, "acme-ci"),
        ("dockerhub", "docker.io", {"username": "alice", "token": TOKEN}, "alice"),
        ("dockerhub", "docker.io", {"organization": "acme", "token": TOKEN}, "acme"),
        ("harbor", "harbor.example.com", {"robot": "library+ci", "secret": TOKEN}, "robot$library+ci"),
        ("harbor", "harbor.example.com", {"robot": "ci", "secret": TOKEN}, "robot$ci"),
        (
            "harbor",
            "harbor.example.com",
            {"robot": "library+ci", "prefix": "doaas-", "secret": TOKEN},
            "doaas-library+ci",
        ),
        ("harbor", "harbor.example.com", {"username": "alice", "secret": TOKEN}, "alice"),
        (
            "oracle",
            "fra.ocir.io",
            {"namespace": "ansh81vru1zp", "username": "jdoe@acme.com", "token": TOKEN},
            "ansh81vru1zp/jdoe@acme.com",
        ),
        (
            "oracle",
            "fra.ocir.io",
            {"namespace": "ansh81vru1zp", "username": "oracleidentitycloudservice/jdoe", "token": TOKEN},
            "ansh81vru1zp/oracleidentitycloudservice/jdoe",
        ),
        ("quay", "quay.io", {"username": "acme+deploy", "token": TOKEN}, "acme+deploy"),
        ("quay", "quay.io", {"username": "alice.b+ci_1", "token": TOKEN}, "alice.b+ci_1"),
        ("quay", "quay.io", {"username": "$oauthtoken", "token": TOKEN}, "$oauthtoken"),
        ("quay", "quay.io", {"username": "$app", "token": TOKEN}, "$app"),
    ],
)
def test_a_user_name_is_as_the_vendor_wants_it(
    provider: str, host: str, options: dict[str, Any], user: str, desk: Desk
) -> None:
    assert answered(desk, rule(provider, host, **options), host) == (user, TOKEN)


@pytest.mark.parametrize(
    ("provider", "options", "why"),
    [
        ("chainguard", {"identity": "alice", "token": "t"}, "no organisation's id"),
        (
            "chainguard",
            {"identity": "720909c9f5279097d847ad02a2f24ba8f59de36a", "token": "t"},
            "no organisation's id",
        ),
        (
            "chainguard",
            {"identity": "720909c9f5279097d847ad02a2f24ba8f59de36a/a033a6fabe0bfa0d/", "token": "t"},
            "no organisation's id",
        ),
        ("cloudsmith", {"username": "alice"}, "token"),
        ("cloudsmith", {"username": 7, "token": "t"}, "username"),
        ("dockerhub", {"token": "t"}, "exactly one of username and organization"),
        (
            "dockerhub",
            {"username": "a", "organization": "b", "token": "t"},
            "exactly one of username and organization",
        ),
        ("dockerhub", {"username": "a"}, "token"),
        ("harbor", {"robot": "robot$library+ci", "secret": "t"}, "leave the prefix out"),
        ("harbor", {"secret": "t"}, "exactly one of robot and username"),
        ("harbor", {"robot": "ci", "username": "alice", "secret": "t"}, "exactly one of robot and username"),
        ("oracle", {"namespace": "Acme", "username": "jdoe", "token": "t"}, "no tenancy's"),
        ("oracle", {"namespace": "ansh81", "username": "ansh81/jdoe", "token": "t"}, "leave it out"),
        ("quay", {"username": "alice", "token": "t"}, "neither a robot"),
        ("quay", {"username": "+deploy", "token": "t"}, "neither a robot"),
        ("quay", {"username": "$token", "token": "t"}, "neither a robot"),
        ("quay", {"username": "acme+deploy:x", "token": "t"}, "neither a robot"),
        ("quay", {"username": "acme+deploy\n", "token": "t"}, "neither a robot"),
    ],
)
def test_options_that_cannot_work_are_refused_when_they_are_read(
    provider: str, options: dict[str, Any], why: str, tmp_path: Path
) -> None:
    assert why in complaint(tmp_path, provider, **options)
