"""A certificate as far as people need to know it: whose it is, who issued it, for which names, until when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, Self

_SHORT: Final = MappingProxyType(
    {
        "commonName": "CN",
        "countryName": "C",
        "localityName": "L",
        "organizationName": "O",
        "organizationalUnitName": "OU",
        "stateOrProvinceName": "ST",
    }
)
"""RFC 4514, section 3."""
_NAMES: Final = frozenset({"DNS", "IP Address"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """``subject`` and ``issuer`` are names as people write them, ``names`` the hosts that it is for.

    ``begins`` and ``ends`` are in UTC. What it says is worth nothing before it was verified.
    """

    subject: str
    issuer: str
    names: tuple[str, ...]
    begins: datetime
    ends: datetime
    pem: str = field(repr=False)

    @classmethod
    def of(cls, decoded: Mapping[str, Any], pem: str) -> Self:
        """Return the certificate that :meth:`ssl.SSLSocket.getpeercert` or one like it has decoded."""
        return cls(
            subject=_name(decoded.get("subject", ())),
            issuer=_name(decoded.get("issuer", ())),
            names=tuple(value for kind, value in decoded.get("subjectAltName", ()) if kind in _NAMES),
            begins=_moment(decoded["notBefore"]),
            ends=_moment(decoded["notAfter"]),
            pem=pem,
        )

    @property
    def self_issued(self) -> bool:
        """Whether it names itself as its issuer, as a root does."""
        return self.subject == self.issuer

    def is_the_one_in(self, pem: str) -> bool:
        """Whether ``pem`` holds the same certificate."""
        return self.pem.split() == pem.split()


def authorities_in(pems: Iterable[str]) -> Iterator[Certificate]:
    """Yield what the authorities' certificates among ``pems``, each a PEM block of its own, say."""
    import ssl  # slow, and needed only by who looks

    for pem in pems:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=pem)
        yield from (Certificate.of(decoded, pem) for decoded in context.get_ca_certs())


def _name(parts: Iterable[Iterable[tuple[str, str]]]) -> str:
    """Return a distinguished name as RFC 4514 writes it, the most specific part first."""
    pairs = [f"{_SHORT.get(kind, kind)}={value}" for part in parts for kind, value in part]
    return ", ".join(reversed(pairs))


def _moment(text: str) -> datetime:
    import ssl

    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)
