"""The name of a cache entry: two requests share one only if nothing that matters differs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

import msgspec

from ocibroker.identity import Identity
from ocibroker.reference import SecretRef
from ocibroker.watch import Look

SCHEMA: Final = "1"
"""Raised whenever an entry's meaning changes."""


def cache_key(provider: str, options: str, identity: Identity, looks: tuple[Look, ...], tls: str) -> str:
    """Return the digest of everything that makes a credential what it is.

    ``options`` is :func:`options_digest`, ``looks`` what the identity's watched files look like, ``tls`` the
    digest of the host with its policy, files and proxy, or of all that is configured where no host binds it.
    """
    return _digest([SCHEMA, provider, options, identity.reach, *identity.parts, repr(looks), tls])


def options_digest(options: msgspec.Struct) -> str:
    """Return a digest of a rule's options, values that stand in the configuration included."""
    return hashlib.sha256(msgspec.json.encode(options, enc_hook=_encoded)).hexdigest()


def _encoded(value: object) -> str:
    if isinstance(value, SecretRef) and value.kept and value.kept.options is not None:
        return f"{value} {options_digest(value.kept.options)}"
    if isinstance(value, SecretRef):
        return f"{value} {value.literal.reveal() if value.literal else ''}"
    return repr(value)


def _digest(parts: Iterable[str]) -> str:
    """Return a digest in which each part has its length in front: ``ab, c`` and ``a, bc`` differ."""
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")  # a profile's name may be any bytes of the environment
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()
