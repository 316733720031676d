"""The one parser of host names and addresses: for matching, for cache keys and for the wire.

``urllib.parse.urlsplit`` drops line breaks, keeps trailing dots and accepts percent escapes, so that what
is authorised and what is connected to can differ. Here everything that a second parser could read
differently is refused (RFC 3986 section 3.2.2, RFC 1123 section 2.1, and the WHATWG rule that a name
ending in a number is an IPv4 address).
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from ocibroker.errors import InvalidTarget

_LABEL: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII)
_NUMBER: Final = re.compile(r"\d+|0x[0-9a-f]*", re.ASCII)
_AUTHORITY: Final = re.compile(r"(?P<host>\[[^\[\]]*\]|[^:\[\]]*)(?::(?P<port>[^:]*))?", re.ASCII)


def split_authority(text: str) -> tuple[str, int | None]:
    """Return the canonical host and the port of ``host[:port]``.

    Raises :class:`~ocibroker.errors.InvalidTarget` that names ``text``.
    """
    if "@" in text:
        raise _refused(text, "carries a user name or password", hint="put them into a [[registry]] rule")
    found = _AUTHORITY.fullmatch(text)
    if found is None:
        raise _refused(text, "is not host[:port]")
    port = found["port"]
    return canonical_host(found["host"]), None if port is None else parse_port(port, text)


def canonical_host(text: str) -> str:
    """Return ``text`` as a lower-case DNS name, IPv4 address or bracketed, compressed IPv6 address."""
    if text.startswith("["):
        return _ipv6(text)
    if not text.isascii():  # before lower(), which makes a k of the Kelvin sign
        raise _refused(text, "is not ASCII", hint="write an international name in its xn-- form")
    name = text.lower().removesuffix(".")
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _refused(text, "is not a host name")
    if _NUMBER.fullmatch(labels[-1]):
        return _ipv4(text, name)
    return name


def parse_port(text: str, whole: str) -> int:
    """Return the port 1 to 65535 that ``text`` writes in canonical decimal; ``whole`` is named in the error."""
    if not re.fullmatch(r"[1-9][0-9]{0,4}", text, re.ASCII) or int(text) > 65535:
        raise _refused(whole, "has a port that is not a number from 1 to 65535")
    return int(text)


def address_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address that a canonical host is, IPv4-mapped ones unwrapped; none for a DNS name."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def shown(text: str) -> str:
    """Return ``text`` as an error may show it: short, quoted, and without what stands before an ``@``.

    That may be a password.
    """
    before, sign, after = text.rpartition("@")
    return repr(f"…{sign}{after}"[:300] if before else text[:300])


def _ipv4(text: str, name: str) -> str:
    try:
        return str(ipaddress.IPv4Address(name))
    except ValueError:
        raise _refused(text, "ends in a number but is not an IPv4 address") from None


def _ipv6(text: str) -> str:
    try:
        address = ipaddress.IPv6Address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        raise _refused(text, "is not an IPv6 address") from None
    if address.scope_id is not None:
        raise _refused(text, "has a zone, which means something on this machine only")
    return f"[{address.compressed}]"


def _refused(text: str, why: str, *, hint: str = "") -> InvalidTarget:
    return InvalidTarget(why, culprit=shown(text), hint=hint)
