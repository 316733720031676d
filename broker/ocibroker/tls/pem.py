"""Certificates in PEM, read so that nothing is dropped in silence (RFC 7468).

OpenSSL stops at the first thing it does not understand, and says nothing of a block that is cut short or of
garbage behind a good one. Here every ``BEGIN`` must become a certificate, or the file is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ocibroker.tls.refused import refused

_BLOCK: Final = re.compile(
    r"-----BEGIN (?P<label>[A-Z0-9 ]+)-----(?P<body>[^-]*)-----END (?P=label)-----", re.ASCII
)
# Not TRUSTED CERTIFICATE: what such a block says of distrust would be dropped.
_CERTIFICATES: Final = frozenset({"CERTIFICATE", "X509 CERTIFICATE"})
_LARGEST: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Bundle:
    """The certificates in one file, taken apart and not yet looked into; at least one."""

    path: Path
    host: str
    bodies: tuple[str, ...] = field(repr=False)

    def certificates(self) -> tuple[str, ...]:
        """Return each as a PEM block of its own.

        Raises :class:`~ocibroker.errors.TLSConfigurationError` for one that is damaged.
        """
        return tuple(_certificate(self.path, self.host, at, body) for at, body in enumerate(self.bodies, start=1))


def read_certificates(path: Path, host: str) -> tuple[str, ...]:
    """Return the certificates in the file, each a PEM block of its own; at least one.

    Raises :class:`~ocibroker.errors.TLSConfigurationError` that names file, host and reason.
    """
    return read_bundle(path, host).certificates()


def read_bundle(path: Path, host: str) -> Bundle:
    """Return what the file holds: certificates, by their labels.

    Blocks that follow one another without a line break are read as what they are.
    Raises :class:`~ocibroker.errors.TLSConfigurationError` that names file, host and reason.
    """
    text = _text(path, host)
    blocks = tuple(_BLOCK.finditer(text))
    begun = text.count("-----BEGIN ")
    if begun != len(blocks):
        raise refused(path, host, f"holds {begun} PEM blocks, of which {len(blocks)} are complete")
    for block in blocks:
        if block["label"] not in _CERTIFICATES:
            raise refused(path, host, f"holds something else than certificates: {block['label']}")
    if not blocks:
        raise refused(path, host, "holds no PEM certificate")
    return Bundle(path, host, tuple(block["body"] for block in blocks))


def _text(path: Path, host: str) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST)
    except OSError as error:
        raise refused(path, host, f"cannot be read: {error.strerror}", "correct the path or the mode") from None
    except ValueError:
        raise refused(path, host, "cannot be read: it holds a NUL or invalid Unicode") from None
    if not data.strip():
        raise refused(path, host, "is empty", "fill it, or take it out of the configuration")
    if data.startswith(b"0\x82"):
        raise refused(path, host, "is DER", f"convert it: openssl x509 -inform der -in {path} -out {path}.pem")
    return data.decode("ascii", errors="replace")


def _certificate(path: Path, host: str, number: int, body: str) -> str:
    import ssl  # slow, and nothing is looked into for an answer that is remembered

    pem = f"-----BEGIN CERTIFICATE-----{body}-----END CERTIFICATE-----\n"
    try:
        der = ssl.PEM_cert_to_DER_cert(pem)
        whole = ssl.DER_cert_to_PEM_cert(der)
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=whole)
    except (ValueError, ssl.SSLError):
        raise refused(path, host, f"certificate {number} in it is damaged") from None
    return whole
