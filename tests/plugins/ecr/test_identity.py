"""What a token is bound to, as declared."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.provider import Caller, Identity, Request, Secret, SecretRef, Target
from ocibroker_ecr import EcrOptions, EcrProvider
from tests.aws.registries import REGISTRIES
from tests.aws.shared_files import ALONE
from tests.plugins.ecr.asking import HOST, NEIGHBOUR, PUBLIC

pytestmark = pytest.mark.acceptance(34)


def asked(
    environ: Mapping[str, str] = ALONE,
    caller: Caller | None = None,
    host: str = HOST,
    **options: Any,  # noqa: ANN401
) -> Identity:
    request = Request(target=Target.parse(host), options=EcrOptions(**options), environ=environ, caller=caller)
    return EcrProvider().identity(request)


def test_registries_of_one_region_share_it_and_regions_do_not() -> None:
    assert asked(host=HOST) == asked(host=NEIGHBOUR)
    hosts = (HOST, PUBLIC, *(host for host in REGISTRIES if "us-east-1" in host))
    assert len({asked(host=host) for host in hosts}) == 4


def test_each_principal_has_its_own() -> None:
    role: dict[str, Any] = {"role_arn": "arn:aws:iam::1:role/a"}
    identities = {
        asked(),
        asked({"AWS_PROFILE": "prod"}),
        asked({"AWS_ACCESS_KEY_ID": "AKIA1"}),
        asked({"AWS_ACCESS_KEY_ID": "AKIA2"}),
        asked({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/1"}),
        asked({"AWS_ROLE_ARN": "arn:aws:iam::1:role/a", "AWS_WEB_IDENTITY_TOKEN_FILE": "/run/token"}),
        asked({"HOME": "/home/alice"}),
        asked(profile="other"),
        asked(**role),
        asked(role_arn=("arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b")),
        asked(web_identity_token=SecretRef(file=Path("/run/token")), **role),
        asked(caller=Caller(token=Secret("one")), **role),
        asked(caller=Caller(token=Secret("two")), **role),
    }
    assert len(identities) == 13


def test_keys_play_no_part_beside_a_named_profile() -> None:
    assert asked({"AWS_ACCESS_KEY_ID": "AKIA1"}, profile="prod") == asked({}, profile="prod")


def test_only_a_role_means_the_same_everywhere() -> None:
    assert (asked().reach, asked(profile="prod").reach) == ("local", "local")
    assert asked(role_arn="arn:aws:iam::1:role/a").reach == "global"


def test_the_files_that_decide_are_watched() -> None:
    environ = {"HOME": "/home/alice", "AWS_WEB_IDENTITY_TOKEN_FILE": "/run/token"}
    folder = Path("/home/alice/.aws")
    assert asked(environ).watch == (folder / "config", folder / "credentials", Path("/run/token"))
    token = SecretRef(file=Path("/run/other"))
    assert asked(environ, role_arn="r", web_identity_token=token).watch == (Path("/run/other"),)


@given(st.text(min_size=8, max_size=40))
def test_it_holds_no_secret(secret: str) -> None:
    names = (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    )
    uri = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": f"/v2/credentials/c4n4ry{secret}"}
    shown = repr(asked({**dict.fromkeys(names, f"c4n4ry{secret}"), **uri}))
    assert "c4n4ry" not in shown
