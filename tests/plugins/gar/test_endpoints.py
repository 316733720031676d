"""Which addresses may receive a key or a token, and which may give one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker_gar.endpoints import account_in, endpoint, generate_url, is_account, is_endpoint, may_give_tokens

pytestmark = pytest.mark.acceptance(34)

PATH = "/v1/token"
ACCOUNT = "pull@acme-prod.iam.gserviceaccount.com"


@pytest.mark.parametrize(
    "host",
    [
        "sts.googleapis.com",
        "sts.us-east1.rep.googleapis.com",
        "us-east1.sts.googleapis.com",
        "us-east1-sts.googleapis.com",
        "sts.us-east1.googleapis.com",
        "sts.mtls.googleapis.com",
        "sts-acme.p.googleapis.com",
    ],
)
def test_an_address_of_the_service(host: str) -> None:
    assert is_endpoint(f"https://{host}{PATH}", "sts", "googleapis.com", PATH)
    assert not is_endpoint(f"https://{host}{PATH}", "sts", "s3nsapis.fr", PATH)
    assert not is_endpoint(f"https://{host}{PATH}", "oauth2", "googleapis.com", PATH)
    assert not is_endpoint(f"https://{host}/v1/oauthtoken", "sts", "googleapis.com", PATH)


@given(st.text(max_size=40))
def test_no_other_text_is_an_address_of_googles(text: str) -> None:
    for url in (text, f"https://{text}", f"https://sts.googleapis.com{text}", f"https://{text}.googleapis.com"):
        assert not is_endpoint(url, "sts", "googleapis.com", PATH)


@given(st.text(st.characters(codec="ascii"), min_size=1, max_size=3), st.integers(0, 30))
def test_whatever_is_inserted_the_host_stays_googles(inserted: str, at: int) -> None:
    url = endpoint("sts", "googleapis.com", PATH)
    changed = url[:at] + inserted + url[at:]
    if is_endpoint(changed, "sts", "googleapis.com", PATH):
        assert changed.removesuffix(PATH).endswith(".googleapis.com")
        assert set(changed.removeprefix("https://")).isdisjoint("@:?#\\ \n")


@pytest.mark.parametrize("account", [ACCOUNT, "100000000000000000001", "a_b.c-d@acme.example"])
def test_a_service_account_is_found_again_in_its_address(account: str) -> None:
    assert is_account(account)
    assert account_in(generate_url(account, "googleapis.com"), "googleapis.com") == account


@given(st.text(max_size=30))
def test_what_is_no_service_account_would_change_an_address(text: str) -> None:
    if is_account(text):
        assert set(text).isdisjoint("/?#%:\\ \n")
    else:
        assert account_in(generate_url(text, "googleapis.com"), "googleapis.com") == ""


@pytest.mark.parametrize(
    "url",
    [
        "https://token.issuer.test/",
        "http://169.254.169.254/metadata",
        "http://127.0.0.1:8080/",
        "http://localhost:8080/",
        "http://[::1]/",
        "http://[fe80::1]/",
    ],
)
def test_who_may_give_a_token(url: str) -> None:
    assert may_give_tokens(url)
