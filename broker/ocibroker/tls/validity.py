"""When a certificate ends: the one field that is read of X.509 without a library (RFC 5280, section 4.1)."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Final

_CERTIFICATE: Final = re.compile(r"-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----", re.ASCII)
_VERSION: Final = 0xA0
_UTC_TIME: Final = 0x17


def ends(text: str) -> tuple[datetime, ...]:
    """Return when each certificate among the PEM blocks of ``text`` ends; nothing of one that is damaged."""
    return tuple(end for block in _CERTIFICATE.findall(text) if (end := _end(block)) is not None)


def end_of(der: bytes) -> datetime | None:
    """Return when a certificate in DER ends; none of one that is damaged."""
    try:
        fields = _parts(_parts(_parts(der)[0][1])[0][1])
        validity = fields[4 if fields[0][0] == _VERSION else 3]
        return _moment(*_parts(validity[1])[1])
    except (IndexError, ValueError):
        return None


def _end(body: str) -> datetime | None:
    try:
        der = base64.b64decode("".join(body.split()), validate=True)
    except binascii.Error:
        return None
    return end_of(der)


def _parts(data: bytes) -> list[tuple[int, bytes]]:
    """Return the tag and the content of each element of ``data``, in DER."""
    parts, at = [], 0
    while at < len(data):
        tag, size, at = data[at], data[at + 1], at + 2
        if size & 0x80:
            octets = size & 0x7F
            size, at = int.from_bytes(data[at : at + octets], "big"), at + octets
        if at + size > len(data):
            raise ValueError
        parts.append((tag, data[at : at + size]))
        at += size
    return parts


def _moment(tag: int, content: bytes) -> datetime:
    text = content.decode("ascii")
    if tag == _UTC_TIME:  # two digits of a year: up to 49 they are of this century
        text = ("20" if text[:2] < "50" else "19") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
