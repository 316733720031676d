"""A content's digest (OCI image specification 1.1, ``descriptor.md``, "Digests")."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Self

from ocibroker.errors import InvalidValue

if TYPE_CHECKING:
    from hashlib import _Hash

_GRAMMAR: Final = re.compile(r"(?P<algorithm>[a-z0-9]+(?:[+._-][a-z0-9]+)*):(?P<encoded>[a-zA-Z0-9=_-]+)", re.ASCII)
_REGISTERED: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {"sha256": re.compile("[a-f0-9]{64}"), "sha512": re.compile("[a-f0-9]{128}")}
)
_LONGEST: Final = 256


@dataclass(frozen=True, slots=True)
class Digest:
    """``algorithm:encoded``, of a registered algorithm, which can be verified: sha256 or sha512.

    Raises :class:`~ocibroker.errors.InvalidValue`.
    """

    algorithm: str
    encoded: str

    def __post_init__(self) -> None:
        if self.algorithm not in _REGISTERED:
            raise InvalidValue(
                "is of an algorithm that cannot be verified",
                culprit=f"digest {str(self)[:_LONGEST]!r}",
                hint=f"use {' or '.join(_REGISTERED)}",
            )
        if not _REGISTERED[self.algorithm].fullmatch(self.encoded):
            raise InvalidValue(
                f"is not as long as a {self.algorithm}, or not in lower-case hexadecimal digits",
                culprit=f"digest {str(self)[:_LONGEST]!r}",
                hint="copy the whole digest",
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the digest, or raise :class:`~ocibroker.errors.InvalidValue`."""
        found = _GRAMMAR.fullmatch(text) if len(text) <= _LONGEST else None
        if found is None:
            raise InvalidValue(
                "is not algorithm:digits",
                culprit=f"digest {text[:_LONGEST]!r}",
                hint="write sha256: and 64 lower-case hexadecimal digits",
            )
        return cls(found["algorithm"], found["encoded"])

    @classmethod
    def sha256(cls, content: bytes) -> Self:
        """Return the digest of ``content`` by the algorithm that everybody uses."""
        return cls("sha256", hashlib.sha256(content).hexdigest())

    def of(self, content: bytes) -> Self:
        """Return the digest of ``content`` by the same algorithm."""
        hasher = self.hasher()
        hasher.update(content)
        return type(self)(self.algorithm, hasher.hexdigest())

    def hasher(self) -> _Hash:
        """Return a new object of :mod:`hashlib` for the algorithm."""
        return hashlib.new(self.algorithm)

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.encoded}"
