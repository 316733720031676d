"""The one parser of hosts: everything that a second parser could read differently is refused."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.errors import InvalidTarget
from ocibroker.host import address_of, canonical_host, parse_port, shown, split_authority

LABEL = st.from_regex(r"[a-z0-9_]([a-z0-9_-]{0,20}[a-z0-9_])?", fullmatch=True)
NAMES = (
    st.lists(LABEL, min_size=1, max_size=5).map(".".join).filter(lambda name: not name.split(".")[-1][0].isdigit())
)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("a.example", "a.example", None),
        ("A.Example.", "a.example", None),
        ("a.example:5000", "a.example", 5000),
        ("a.example.:5000", "a.example", 5000),
        ("127.0.0.1:1", "127.0.0.1", 1),
        ("[::1]", "[::1]", None),
        ("[2001:DB8:0:0::1]:65535", "[2001:db8::1]", 65535),
    ],
)
def test_an_authority_is_split_into_its_canonical_parts(text: str, host: str, port: int | None) -> None:
    assert split_authority(text) == (host, port)


@pytest.mark.parametrize(
    "text",
    ["", ":", ":443", "a:", "a::1", "a:b:1", "::1", "[::1", "::1]", "[::1]x", "x[::1]", "[[::1]]", "[::1]:", "[]"],
)
def test_what_is_no_authority_is_refused(text: str) -> None:
    with pytest.raises(InvalidTarget):
        split_authority(text)


@pytest.mark.parametrize("text", ["1", "80", "443", "65535"])
def test_a_canonical_port_is_read(text: str) -> None:
    assert parse_port(text, text) == int(text)


@pytest.mark.parametrize(
    "text", ["", "0", "00", "0443", "00443", "65536", "99999", "100000", "+443", "-1", " 443", "443 ", "4_4",
    "0x1bb",
             "4.0", "\u0661", "443\n", "http"]
)  # fmt: skip
def test_any_other_spelling_of_a_port_is_refused(text: str) -> None:
    with pytest.raises(InvalidTarget, match="port"):
        parse_port(text, f"a.example:{text}")


@given(NAMES)
def test_a_canonical_name_stays_as_it_is(name: str) -> None:
    assert canonical_host(canonical_host(name)) == canonical_host(name) == name


@given(st.ip_addresses())
def test_an_address_has_one_canonical_form(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    spelt = f"[{address.exploded}]" if address.version == 6 else str(address)
    host = canonical_host(spelt)
    assert canonical_host(host) == host
    assert ipaddress.ip_address(host.strip("[]")) == address


@given(st.text())
def test_any_text_is_a_canonical_host_or_refused(text: str) -> None:
    try:
        host = canonical_host(text)
    except InvalidTarget:
        return
    assert host.isascii()
    assert host == host.lower()
    assert canonical_host(host) == host


@given(st.text(alphabet="0123456789.xXabcdef", min_size=1, max_size=20))
def test_a_name_that_ends_in_a_number_is_an_address_or_refused(text: str) -> None:
    try:
        host = canonical_host(text)
    except InvalidTarget:
        return
    last = host.rpartition(".")[2]
    assert not last.isdigit() or str(ipaddress.IPv4Address(host)) == host


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]", "::1"),
        ("[::ffff:169.254.169.254]", "169.254.169.254"),
        ("a.example", None),
        ("localhost", None),
    ],
)
def test_the_address_behind_a_host_is_unwrapped(host: str, address: str | None) -> None:
    assert address_of(canonical_host(host)) == (ipaddress.ip_address(address) if address else None)


@pytest.mark.parametrize(
    ("text", "text_shown"),
    [
        ("a.example", "'a.example'"),
        ("alice:hunter2@a.example", "'…@a.example'"),
        ("alice:hunt@er2@a.example", "'…@a.example'"),
        ("a\nb", "'a\\nb'"),
        ("@a", "'@a'"),
        ("x" * 400, repr("x" * 300)),
    ],
    ids=["plain", "password", "password-with-at", "line-break", "nothing-before", "long"],
)
def test_an_error_shows_a_text_short_and_without_what_stands_before_an_at(text: str, text_shown: str) -> None:
    assert shown(text) == text_shown
