"""What a token says of its bearer is told as claimed, and nothing that it may hold does harm."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.audit import Claimed, claimed

POD = {
    "iss": "https://kubernetes.default.svc",
    "sub": "system:serviceaccount:shop:puller",
    "aud": ["sts.amazonaws.com"],
    "exp": 1893456000,
    "kubernetes.io": {
        "namespace": "shop",
        "node": {"name": "node-7", "uid": "3b"},
        "pod": {"name": "web-0", "uid": "5f"},
        "serviceaccount": {"name": "puller", "uid": "9c"},
    },
}


def token(claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"eyJhbGciOiJSUzI1NiJ9.{body}.c2lnbmF0dXJl"


def test_a_service_account_s_token_names_the_pod() -> None:
    assert claimed(token(POD)) == Claimed(
        issuer="https://kubernetes.default.svc",
        subject="system:serviceaccount:shop:puller",
        namespace="shop",
        service_account="puller",
        pod="web-0",
        pod_uid="5f",
    )


def test_another_issuer_s_token_names_its_subject() -> None:
    assert claimed(token({"iss": "https://idp.example.com", "sub": "job-7"})) == Claimed(
        issuer="https://idp.example.com", subject="job-7"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "opaque",
        "a.b",
        "a.b.c.d",
        "a.!!!.c",
        "a..c",
        token([]),
        token({}),
        token({"sub": 7}),
        token({"aud": "x"}),
    ],
)
def test_what_says_nothing_of_that_is_nobody(text: str) -> None:
    assert claimed(text) is None


def test_a_claim_of_any_length_is_cut() -> None:
    found = claimed(token({"sub": "x" * 60_000}))
    assert found is not None
    assert len(found.subject) == 256


@given(
    st.text(max_size=200)
    | st.binary(max_size=200).map(lambda data: f"a.{base64.urlsafe_b64encode(data).decode()}.b")
)
def test_no_text_raises(text: str) -> None:
    found = claimed(text)
    assert found is None or isinstance(found, Claimed)
