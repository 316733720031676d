"""The name of a cache entry: two requests share one only if nothing that matters differs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import partial
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


def options_digest(options: msgspec.Struct, environ: Mapping[str, str]) -> str:
    """Return a digest of a rule's options: of values that stand there, and of the variables that are read for them.

    Two jobs of one machine have the same configuration, and are not the same.
    """
    return hashlib.sha256(msgspec.json.encode(options, enc_hook=partial(_encoded, environ))).hexdigest()


def _encoded(environ: Mapping[str, str], value: object) -> str:
    if not isinstance(value, SecretRef):
        return repr(value)
    kept, literal = value.kept, value.literal.reveal() if value.literal else ""
    within = options_digest(kept.options, environ) if kept and kept.options is not None else ""
    # As `repr` has it: what a variable holds may be any bytes.
    return f"{value} {within}{literal} {[environ.get(name) for name in value.variables]!r}"


def _digest(parts: Iterable[str]) -> str:
    """Return a digest in which each part has its length in front: ``ab, c`` and ``a, bc`` differ."""
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")  # a profile's name may be any bytes of the environment
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()
