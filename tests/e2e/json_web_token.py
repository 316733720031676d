"""JSON web tokens (RFC 7519) as a Distribution registry verifies them: ES256, the certificate in ``x5c``."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from tests.e2e.authority import Certificate


@dataclass(frozen=True)
class Signer:
    """A P-256 key and the certificates that vouch for it, leaf first."""

    key: ec.EllipticCurvePrivateKey
    chain: tuple[x509.Certificate, ...]

    @classmethod
    def of(cls, certificate: Certificate) -> "Signer":
        key = load_pem_private_key(certificate.key.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"ES256 needs an elliptic curve's key, not {type(key).__name__}")
        return cls(key, tuple(x509.load_pem_x509_certificates(certificate.chain.read_bytes())))

    def sign(self, claims: Mapping[str, object]) -> str:
        content = f"{_part(self._header)}.{_part(claims)}"
        return f"{content}.{_base64url(self._signature(content.encode()))}"

    @property
    def _header(self) -> Mapping[str, object]:
        x5c = [base64.b64encode(one.public_bytes(Encoding.DER)).decode() for one in self.chain]
        return {"typ": "JWT", "alg": "ES256", "x5c": x5c}

    def _signature(self, content: bytes) -> bytes:
        # A token carries the two bare numbers (RFC 7518, 3.4), cryptography returns them in DER.
        numbers = utils.decode_dss_signature(self.key.sign(content, ec.ECDSA(SHA256())))
        return b"".join(number.to_bytes(32, "big") for number in numbers)


def _part(content: Mapping[str, object]) -> str:
    return _base64url(json.dumps(content, separators=(",", ":")).encode())


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
