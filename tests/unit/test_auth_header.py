"""A credential as the value of an ``Authorization`` header."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.auth import authorization, basic_header
from ocibroker.credential import Anonymous, Basic, Bearer, Credential, IdentityToken
from ocibroker.errors import CannotCarry
from ocibroker.secret import Secret

TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1)


@pytest.mark.parametrize(
    ("credential", "header"),
    [
        (Basic(username="Aladdin", secret=Secret("open sesame")), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        (Basic(username="test", secret=Secret("123£")), "Basic dGVzdDoxMjPCow=="),
        (Bearer(secret=Secret("abc.def")), "Bearer abc.def"),
        (Anonymous("public"), None),
    ],
    ids=["rfc-7617", "rfc-7617-utf-8", "bearer", "anonymous"],
)
def test_a_credential_is_proved_to_the_registry(credential: Credential | Anonymous, header: str | None) -> None:
    assert authorization(credential) == header


def test_an_identity_token_is_for_the_token_endpoint_only() -> None:
    with pytest.raises(CannotCarry, match="must first be exchanged") as caught:
        authorization(IdentityToken(secret=Secret("c4n4ry")))
    assert "c4n4ry" not in str(caught.value)


@given(TEXT.filter(lambda name: ":" not in name), TEXT)
def test_any_name_and_password_survive_in_one_line_of_ascii(username: str, password: str) -> None:
    header = basic_header(username, Secret(password))
    assert header.isascii()
    assert header.isprintable()
    assert base64.b64decode(header.removeprefix("Basic ")).decode() == f"{username}:{password}"
