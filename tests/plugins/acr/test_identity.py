"""What a credential is bound to, as declared."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.provider import Caller, Identity, Request, Secret, SecretRef, Target
from ocibroker_acr import AcrOptions, AcrProvider
from tests.plugins.acr.asking import HOST

pytestmark = pytest.mark.acceptance(34)


def asked(
    environ: Mapping[str, str] | None = None,
    caller: Caller | None = None,
    host: str = HOST,
    **options: Any,  # noqa: ANN401
) -> Identity:
    request = Request(
        target=Target.parse(host), options=AcrOptions(**options), environ=environ or {}, caller=caller
    )
    return AcrProvider().identity(request)


NAMED = {"AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c"}


def test_it_is_bound_to_its_host() -> None:
    assert asked().host_bound
    assert asked(host="mcr.microsoft.com").parts == ("everybody",)


def test_each_principal_has_its_own() -> None:
    ref = SecretRef(env="SECRET")
    identities = [
        asked(),
        asked({"HOME": "/home/alice"}),
        asked({"AZURE_CLIENT_ID": "c"}),
        asked({"IDENTITY_ENDPOINT": "http://localhost:1/"}),
        asked({"AZURE_CONFIG_DIR": "/etc/azure"}),
        asked({**NAMED, "AZURE_CLIENT_SECRET": "s"}),
        asked({**NAMED, "AZURE_CLIENT_CERTIFICATE_PATH": "/run/me.pem"}),
        asked({**NAMED, "AZURE_FEDERATED_TOKEN_FILE": "/run/token"}),
        asked(tenant_id="t", client_id="c", client_secret=ref),
        asked(tenant_id="t", client_id="d", client_secret=ref),
        asked(tenant_id="u", client_id="c", client_secret=ref),
        asked(tenant_id="t", client_id="c", client_secret=ref, audience="arm"),
        asked(tenant_id="t", client_id="c", client_secret=ref, authority_host="login.stack.test"),
        asked(tenant_id="t", client_id="c", caller=Caller(token=Secret("one"))),
        asked(tenant_id="t", client_id="c", caller=Caller(token=Secret("two"))),
        asked(order=("azure-cli",)),
        asked(order=("managed-identity",)),
    ]
    assert len(set(identities)) == len(identities)


def test_only_an_application_that_is_named_means_the_same_everywhere() -> None:
    secret = {"AZURE_CLIENT_SECRET": "s"}
    assert asked({**NAMED, **secret}).reach == "global"
    assert asked({**NAMED, "AZURE_FEDERATED_TOKEN_FILE": "/run/token"}).reach == "global"
    local = [
        asked(),
        asked(NAMED),
        asked(secret),
        asked({**NAMED, **secret}, order=("managed-identity", "environment")),
    ]
    assert {one.reach for one in local} == {"local"}


def test_the_files_that_decide_are_watched() -> None:
    profile = Path("/home/alice/.azure/azureProfile.json")
    assert asked({"HOME": "/home/alice"}).watch == (profile,)
    environ = {**NAMED, "AZURE_FEDERATED_TOKEN_FILE": "/run/token", "HOME": "/home/alice"}
    assert asked(environ).watch == (Path("/run/token"),)
    ref, password = SecretRef(file=Path("/run/me.pem")), SecretRef(file=Path("/run/password"))
    found = asked(client_certificate=ref, client_certificate_password=password)
    assert found.watch == (Path("/run/me.pem"), Path("/run/password"))


@given(st.text(min_size=8, max_size=40))
def test_it_holds_no_secret(secret: str) -> None:
    held = f"c4n4ry{secret}"
    names = ("AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PASSWORD", "IDENTITY_HEADER", "IDENTITY_ENDPOINT")
    shown = repr(asked({**NAMED, **dict.fromkeys(names, held)})) + repr(asked(dict.fromkeys(names[1:], held)))
    assert "c4n4ry" not in shown
    caller = Caller(token=Secret("c4n4ry-token"))
    assert "c4n4ry" not in repr(asked(caller=caller))
