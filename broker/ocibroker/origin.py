"""Scheme, host and port: what a credential and a transport are bound to (RFC 6454)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, cast

from ocibroker.errors import InvalidTarget
from ocibroker.host import shown, split_authority

Scheme = Literal["https", "http"]

DEFAULT_PORT: Final[Mapping[Scheme, int]] = MappingProxyType({"https": 443, "http": 80})


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a connection goes. ``host`` is canonical, ``port`` never missing."""

    scheme: Scheme
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Origin:
        """Return the origin of ``scheme://host[:port]``, which may go on with ``/``, ``?`` or ``#``.

        Raises :class:`~ocibroker.errors.InvalidTarget`.
        """
        scheme, mark, rest = text.partition("://")
        if not mark or scheme.lower() not in DEFAULT_PORT:
            raise InvalidTarget("is neither an https:// nor an http:// URL", culprit=shown(text))
        known = cast("Scheme", scheme.lower())
        # A backslash ends nothing here: some parsers take it for a slash, others for a part of the user name.
        end = min((at for at in map(rest.find, "/?#") if at >= 0), default=len(rest))
        try:
            host, port = split_authority(rest[:end])
        except InvalidTarget as error:  # it has not seen an @ further on, and might show what stands before it
            raise InvalidTarget(error.message, culprit=shown(text), hint=error.hint) from None
        return cls(known, host, port or DEFAULT_PORT[known])

    @property
    def authority(self) -> str:
        """``host``, or ``host:port`` where the port is not the scheme's default."""
        return self.host if self.port == DEFAULT_PORT[self.scheme] else f"{self.host}:{self.port}"

    @property
    def dial_host(self) -> str:
        """The host as a resolver wants it: an IPv6 address without its brackets."""
        return self.host.strip("[]")

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"
