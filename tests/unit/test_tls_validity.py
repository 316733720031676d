"""When a certificate ends is read of its own bytes."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.tls.validity import ends

KEY = ec.generate_private_key(ec.SECP256R1())
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x" * 60)])


def made(end: datetime) -> str:
    builder = x509.CertificateBuilder(
        issuer_name=NAME,
        subject_name=NAME,
        public_key=KEY.public_key(),
        serial_number=7,
        not_valid_before=end - timedelta(days=1),
        not_valid_after=end,
    )
    return builder.sign(KEY, SHA256()).public_bytes(Encoding.PEM).decode()


@pytest.mark.parametrize("year", [1960, 1999, 2000, 2026, 2049, 2050, 2100, 9999])
def test_the_end_is_told_in_either_spelling_of_a_year(year: int) -> None:
    end = datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert ends(made(end)) == (end,)


def test_each_certificate_of_a_file_counts_and_nothing_else_in_it() -> None:
    one, two = datetime(2030, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)
    key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
    broken = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    assert ends(f"# mine\n{made(one)}{key}{broken}{made(two)}") == (one, two)


@given(st.binary(max_size=300))
def test_no_bytes_raise(data: bytes) -> None:

    text = f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(data).decode()}\n-----END CERTIFICATE-----\n"
    assert isinstance(ends(text), tuple)


@given(st.integers(0, 400), st.integers(0, 255))
def test_no_damage_raises(at: int, byte: int) -> None:

    lines = made(datetime(2030, 1, 1, tzinfo=UTC)).splitlines()
    der = bytearray(base64.b64decode("".join(lines[1:-1])))
    der[at % len(der)] = byte
    text = f"{lines[0]}\n{base64.b64encode(der).decode()}\n{lines[-1]}\n"
    assert len(ends(text)) <= 1
