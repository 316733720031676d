"""Certificates of applications, as their owners keep them: with the key, in one file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

PASSWORD = "p4ssword-of-the-key"


@dataclass(frozen=True)
class Certified:
    """``pem`` and ``pfx`` are files with certificate and key; a password encrypts the key."""

    certificate: x509.Certificate
    pem: bytes = field(repr=False)
    pfx: bytes = field(repr=False)


def certificate(password: str = "") -> Certified:
    key = rsa.generate_private_key(65537, 2048)
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "application")]), datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    made = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, SHA256())
    kept: KeySerializationEncryption = NoEncryption()
    if password:
        kept = BestAvailableEncryption(password.encode())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, kept) + made.public_bytes(Encoding.PEM)
    return Certified(made, pem, pkcs12.serialize_key_and_certificates(b"me", key, made, None, kept))
