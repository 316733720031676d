"""Entries as a shared store may see them: sealed, and bound to the place where they lie.

AES-256-GCM with a nonce of 96 random bits (NIST SP 800-38D). In front stand, in ASCII, the version, which key it
was, and the moment of expiry, so that the store itself can tell the newer of two. Associated data are the version,
the name, that moment and the tenant, each with its length in front: what was moved or relabelled does not open.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ocibroker.encryption_key import EncryptionKey
from ocibroker.errors import IntegrityError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION: Final = b"1"
"""Raised whenever a value's meaning changes."""

EXPIRY: Final = slice(17, 33)
"""Where in a value its moment of expiry stands: milliseconds since the epoch, in decimal, with zeros in front."""

_HEADER: Final = re.compile(rb"1(?P<key>[0-9a-f]{16})(?P<expiry>[0-9]{16})")
_NONCE: Final = 12


@dataclass(frozen=True, slots=True, repr=False)
class _Cipher:
    """What one key is used for, by one tenant."""

    id: bytes
    names: bytes
    values: AESGCM

    @classmethod
    def of(cls, key: EncryptionKey, tenant: str) -> _Cipher:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        told = key.derived("ocibroker: which key").hex()[:16].encode()
        return cls(told, key.derived(f"ocibroker: names of {tenant}"), AESGCM(key.derived("ocibroker: values")))


class Envelope:
    """Names, seals and opens the entries of one tenant by the first of ``keys``; the others open only."""

    def __init__(self, keys: Sequence[EncryptionKey], tenant: str) -> None:
        self._ciphers = tuple(_Cipher.of(key, tenant) for key in keys)
        self._tenant = tenant

    @property
    def sealing(self) -> str:
        """The id of the key that new entries are sealed with, as it stands in front of them."""
        return self._ciphers[0].id.decode()

    @property
    def prefix(self) -> str:
        """What the names of all entries begin with."""
        return f"ocibroker:{self._tenant}:"

    def names(self, key: str) -> tuple[str, ...]:
        """Return under which names an entry may lie, that of the first key first: who has no key can guess none."""
        return tuple(self._name(cipher, key) for cipher in self._ciphers)

    def seal(self, name: str, expiry: int, entry: bytes) -> bytes:
        """Return ``entry``, which expires so many milliseconds after the epoch, as it may lie under ``name``."""
        cipher, nonce = self._ciphers[0], os.urandom(_NONCE)
        told = b"%016d" % expiry
        sealed = cipher.values.encrypt(nonce, entry, self._bound(name, told))
        return VERSION + cipher.id + told + nonce + sealed

    def open(self, name: str, value: bytes) -> bytes:
        """Return the entry in ``value``, that lay under ``name``.

        Raises :class:`~ocibroker.errors.IntegrityError` where it was not sealed for that by one of the keys.
        """
        from cryptography.exceptions import InvalidTag

        header, rest = value[: EXPIRY.stop], value[EXPIRY.stop :]
        found = _HEADER.fullmatch(header)
        cipher = next((one for one in self._ciphers if found and one.id == found["key"]), None)
        if found is not None and cipher is not None and len(rest) > _NONCE:
            try:
                return cipher.values.decrypt(rest[:_NONCE], rest[_NONCE:], self._bound(name, found["expiry"]))
            except InvalidTag:
                pass
        raise IntegrityError("an entry was not sealed by one of our keys for its place", culprit=self.prefix)

    def _name(self, cipher: _Cipher, key: str) -> str:
        digest = hmac.digest(cipher.names, key.encode(), hashlib.sha256).hex()
        # In braces is what a cluster places a name by, so that an entry and its lease lie together.
        return f"{self.prefix}{{{digest}}}"

    def _bound(self, name: str, expiry: bytes) -> bytes:
        return b"".join(_measured((VERSION, name.encode(), expiry, self._tenant.encode())))


def _measured(parts: Iterable[bytes]) -> Iterable[bytes]:
    return (len(part).to_bytes(4, "big") + part for part in parts)
