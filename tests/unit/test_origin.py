"""Scheme, host and port, read as the connection will be made."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.errors import InvalidTarget
from ocibroker.origin import Origin
from ocibroker.transport import origin_of


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://a.example", Origin("https", "a.example", 443)),
        ("HTTPS://A.Example./x", Origin("https", "a.example", 443)),
        ("https://a.example:443?x", Origin("https", "a.example", 443)),
        ("https://a.example:80#x", Origin("https", "a.example", 80)),
        ("http://a.example/@x", Origin("http", "a.example", 80)),
        ("http://[::1]:8080/", Origin("http", "[::1]", 8080)),
    ],
)
def test_an_origin_is_read(text: str, origin: Origin) -> None:
    assert Origin.parse(text) == origin


@pytest.mark.parametrize(
    "text",
    [
        "a.example",
        "//a.example",
        "ftp://a.example",
        "oci://a.example",
        "https:a.example",
        "https:/a.example",
        "https://",
        "https:///x",
        "https://a.example\\@b.example",
        "https://a.example\\b",
        "https://a@b.example",
        " https://a.example",
        "https://a.example:",
        "https://a.example:0",
    ],
)
def test_what_is_no_web_origin_is_refused(text: str) -> None:
    with pytest.raises(InvalidTarget):
        Origin.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://alice:hunter2@a.example",
        "https://alice:hunter2/x@a.example",
        "https://alice:hunter2?x@a.example",
        "https://alice:hunter2#x@a.example",
        "hunter2@https://a.example",
    ],
)
def test_an_error_never_shows_what_stands_before_an_at(text: str) -> None:
    with pytest.raises(InvalidTarget) as caught:
        Origin.parse(text)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("origin", "authority", "text", "dialled"),
    [
        (Origin("https", "a.example", 443), "a.example", "https://a.example", "a.example"),
        (Origin("https", "a.example", 80), "a.example:80", "https://a.example:80", "a.example"),
        (Origin("http", "[::1]", 80), "[::1]", "http://[::1]", "::1"),
    ],
)
def test_an_origin_leaves_out_a_default_port(origin: Origin, authority: str, text: str, dialled: str) -> None:
    assert (origin.authority, str(origin), origin.dial_host) == (authority, text, dialled)


@given(
    st.sampled_from(["https", "http"]),
    st.one_of(st.ip_addresses().map(lambda ip: f"[{ip}]" if ip.version == 6 else str(ip)), st.just("a.example")),
    st.integers(1, 65535),
)
def test_an_origin_reads_what_it_writes(scheme: str, host: str, port: int) -> None:
    origin = Origin.parse(f"{scheme}://{host}:{port}")
    assert Origin.parse(str(origin)) == origin


@given(st.text(alphabet="ab.1:@/\\?#[]%\t\n é-_0xK\u212aⓡ*", max_size=24))
def test_httpx_would_connect_to_no_other_origin(rest: str) -> None:
    text = f"https://{rest}"
    try:
        origin = Origin.parse(text)
        url = httpx.URL(text)
    except (InvalidTarget, httpx.InvalidURL):
        return
    assert origin_of(url) == origin
