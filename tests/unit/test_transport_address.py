"""The origin that a request really goes to."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.errors import InvalidTarget, OriginRefused
from ocibroker.origin import Origin
from ocibroker.transport import origin_of


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://a.example/x", "https://a.example:443"),
        ("https://A.Example./x", "https://a.example:443"),
        ("https://a.example:5000", "https://a.example:5000"),
        ("http://a.example", "http://a.example:80"),
        ("https://[::1]:5000/", "https://[::1]:5000"),
        ("https://[0:0::1]/", "https://[::1]:443"),
        ("https://127.0.0.1/", "https://127.0.0.1:443"),
        ("https://alice:hunter2@a.example/", "https://a.example:443"),
        ("https://bücher.example/", "https://xn--bcher-kva.example:443"),
    ],
)
def test_the_origin_is_the_one_that_httpx_connects_to(url: str, origin: str) -> None:
    assert origin_of(httpx.URL(url)) == Origin.parse(origin)


@pytest.mark.parametrize(
    "url", ["ftp://a.example", "ws://a.example", "/relative", "a.example", "file:///etc/passwd"]
)
def test_nothing_but_https_and_http_is_spoken(url: str) -> None:
    with pytest.raises(OriginRefused):
        origin_of(httpx.URL(url))


@pytest.mark.parametrize(
    "url",
    [
        "https:///x",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://a..example/",
        "https://-a.example/",
        "https://a%2eexample/",
        "https://a.example\\b/",
        "https://a.example:0/",
        "https://a.example:65536/",
        "https://a.example:99999/",
    ],
)
def test_a_host_that_could_be_read_in_two_ways_is_refused(url: str) -> None:
    with pytest.raises(InvalidTarget):
        origin_of(httpx.URL(url))


def test_a_refusal_shows_no_password() -> None:
    with pytest.raises(InvalidTarget) as caught:
        origin_of(httpx.URL("https://alice:hunter2@a.example:0/"))
    assert "hunter2" not in str(caught.value)


@given(st.text(max_size=30) | st.text("ab.:/@[]\\%1é", max_size=24).map("https://{}".format))
def test_any_url_has_an_origin_or_is_refused(text: str) -> None:
    try:
        origin = origin_of(httpx.URL(text))
    except (httpx.InvalidURL, OriginRefused, InvalidTarget):
        return
    assert Origin.parse(str(origin)) == origin
