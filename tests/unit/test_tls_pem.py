"""Certificates in PEM: every one is read, or the file is refused by name (acceptance 8, 9)."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ocibroker.errors import TLSConfigurationError
from ocibroker.testing import Authority, Issued
from ocibroker.tls.pem import read_certificates

HOST = "a.example"
Content = Callable[[str, Issued], bytes]


@pytest.fixture(scope="module")
def issued(authority: Authority) -> Issued:
    return authority.issue(HOST)


def joined(pem: str) -> bytes:
    """Two certificates without a line break between them: ``-----END CERTIFICATE----------BEGIN …``."""
    return (pem.strip() + pem.strip()).encode()


@pytest.mark.acceptance(9)
@pytest.mark.parametrize(
    ("content", "count"),
    [
        (lambda ca, _: ca.encode(), 1),
        (lambda ca, _: ca.strip().encode(), 1),
        (lambda ca, _: (ca + ca + ca).encode(), 3),
        (lambda ca, _: joined(ca), 2),
        (lambda ca, leaf: (leaf.certificate + ca).encode(), 2),
        (lambda ca, _: ca.replace("\n", "\r\n").encode(), 1),
        (lambda ca, _: f"# Corp root\nSubject: é\n{ca}\ntrailing words".encode(), 1),
        (lambda ca, _: ca.replace("CERTIFICATE", "X509 CERTIFICATE").encode(), 1),
        (lambda ca, _: ("  " + ca).encode(), 1),
    ],
    ids=["one", "no-end-of-line", "three", "joined", "chain", "dos", "comments", "old-label", "indented"],
)
def test_every_certificate_is_read(
    tmp_path: Path, authority: Authority, issued: Issued, content: Content, count: int
) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(content(authority.pem, issued))
    assert len(read_certificates(path, HOST)) == count


@pytest.mark.acceptance(9)
def test_joined_certificates_are_those_that_were_joined(tmp_path: Path) -> None:
    first, second = Authority(), Authority()
    path = tmp_path / "ca.pem"
    path.write_text(first.pem.strip() + second.pem.strip())
    assert [ssl.PEM_cert_to_DER_cert(pem) for pem in read_certificates(path, HOST)] == [
        ssl.PEM_cert_to_DER_cert(first.pem),
        ssl.PEM_cert_to_DER_cert(second.pem),
    ]


def damaged(pem: str) -> bytes:
    lines = pem.strip().splitlines()
    return "\n".join([lines[0], *lines[4:]]).encode()


@pytest.mark.acceptance(8, 9)
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (lambda *_: b"", "is empty"),
        (lambda *_: b" \n\t\n", "is empty"),
        (lambda *_: b"garbage", "no PEM certificate"),
        (lambda *_: b"\x00" * 100, "no PEM certificate"),
        (lambda ca, _: ca.encode("utf-16"), "no PEM certificate"),
        (lambda ca, _: ssl.PEM_cert_to_DER_cert(ca), "is DER"),
        (lambda ca, _: ca[:200].encode(), "1 PEM blocks, of which 0"),
        (lambda ca, _: (ca + ca[:200]).encode(), "2 PEM blocks, of which 1"),
        (lambda ca, _: (ca[:200] + ca).encode(), "2 PEM blocks, of which"),
        (lambda ca, _: ca.replace("END", "ENE").encode(), "1 PEM blocks, of which 0"),
        (lambda ca, _: damaged(ca), "certificate 1 in it is damaged"),
        (lambda ca, _: ca.encode() + damaged(ca), "certificate 2 in it is damaged"),
        (lambda *_: b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", "certificate 1 in it is damaged"),
        (
            lambda *_: b"-----BEGIN CERTIFICATE-----\nQQ=\n-----END CERTIFICATE-----\n",
            "certificate 1 in it is damaged",
        ),
        (lambda _, leaf: leaf.key.encode(), "PRIVATE KEY"),
        (lambda ca, leaf: (ca + leaf.key).encode(), "PRIVATE KEY"),
        (lambda ca, leaf: (leaf.key + ca).encode(), "PRIVATE KEY"),
        (lambda ca, _: ca.replace("CERTIFICATE", "TRUSTED CERTIFICATE").encode(), "TRUSTED CERTIFICATE"),
        (lambda ca, _: ca.replace("CERTIFICATE", "CERTIFICATE REQUEST").encode(), "CERTIFICATE REQUEST"),
    ],
    ids=[
        "empty",
        "blank",
        "garbage",
        "zeros",
        "utf-16",
        "der",
        "cut-off",
        "second-cut-off",
        "first-cut-off",
        "no-end",
        "damaged",
        "second-damaged",
        "hollow",
        "bad-base64",
        "key",
        "key-behind",
        "key-before",
        "trusted",
        "request",
    ],
)
def test_what_cannot_be_used_is_an_error_that_names_file_host_and_reason(
    tmp_path: Path, authority: Authority, issued: Issued, content: Content, why: str
) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(content(authority.pem, issued))
    with pytest.raises(TLSConfigurationError, match=why) as caught:
        read_certificates(path, HOST)
    assert caught.value.culprit == str(path)
    assert HOST in caught.value.message


@pytest.mark.acceptance(8)
@pytest.mark.parametrize(
    ("name", "why"),
    [("missing.pem", "No such file"), (".", "directory"), ("a\x00b", "NUL"), ("a\ud800b", "Unicode")],
    ids=["missing", "folder", "nul", "surrogate"],
)
def test_what_cannot_be_read_is_an_error_that_names_file_host_and_reason(
    tmp_path: Path, name: str, why: str
) -> None:
    with pytest.raises(TLSConfigurationError, match=why) as caught:
        read_certificates(tmp_path / name, HOST)
    assert caught.value.culprit == str(tmp_path / name)
    assert HOST in caught.value.message


def test_der_comes_with_the_command_that_converts_it(tmp_path: Path, authority: Authority) -> None:
    path = tmp_path / "ca.der"
    path.write_bytes(ssl.PEM_cert_to_DER_cert(authority.pem))
    with pytest.raises(TLSConfigurationError) as caught:
        read_certificates(path, HOST)
    assert f"openssl x509 -inform der -in {path}" in caught.value.hint


def test_an_error_shows_nothing_of_a_key(tmp_path: Path, issued: Issued) -> None:
    path = tmp_path / "ca.pem"
    path.write_text(issued.key)
    with pytest.raises(TLSConfigurationError) as caught:
        read_certificates(path, HOST)
    assert not any(line in str(caught.value) for line in issued.key.splitlines()[1:-1])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=80), at=st.integers(0, 700))
def test_any_file_is_whole_certificates_or_an_error(
    tmp_path: Path, authority: Authority, content: bytes, at: int
) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(authority.pem[:at].encode() + content + authority.pem[at:].encode())
    try:
        found = read_certificates(path, HOST)
    except TLSConfigurationError:
        return
    assert len(found) == path.read_bytes().count(b"-----BEGIN ")
