"""The key that what a fleet shares is encrypted with, and what is derived from it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Final, NoReturn

from ocibroker.errors import InvalidValue
from ocibroker.secret import Secret

OCTETS: Final = 32
"""AES-256."""


class EncryptionKey:
    """32 bytes, written in base64 or in hexadecimal. It never shows itself, and pickling is refused.

    Raises :class:`~ocibroker.errors.InvalidValue` for anything else.
    """

    __slots__ = ("_octets",)

    def __init__(self, text: Secret) -> None:
        self._octets = _hexadecimal(text) or _base64(text)
        if not self._octets:
            raise InvalidValue("is not 32 bytes in base64 or hex", hint="make one by `openssl rand -base64 32`")

    def derived(self, purpose: str) -> bytes:
        """Return the 32 bytes for one purpose, from which neither the key nor those for another can be told.

        One block of HKDF-Expand (RFC 5869, section 2.3).
        """
        return hmac.digest(self._octets, purpose.encode() + b"\x01", hashlib.sha256)

    def __repr__(self) -> str:
        return "EncryptionKey(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("an EncryptionKey cannot be pickled or copied to another process")


def _hexadecimal(text: Secret) -> bytes:
    try:
        octets = bytes.fromhex(text.reveal())
    except ValueError:
        return b""
    return octets if len(octets) == OCTETS else b""


def _base64(text: Secret) -> bytes:
    try:
        octets = base64.b64decode(text.reveal().translate({ord("-"): "+", ord("_"): "/"}), validate=True)
    except (ValueError, binascii.Error):
        return b""
    return octets if len(octets) == OCTETS else b""
