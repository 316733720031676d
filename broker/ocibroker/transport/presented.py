"""What each host has presented in the last handshake with it: when its certificate ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ocibroker.clock import Clock
from ocibroker.origin import Origin

_MOST: Final = 1024
"""Hosts that are remembered."""

Note = Callable[[Origin, bytes], None]
"""Is told what an origin has presented, in DER."""


def unheeded(origin: Origin, der: bytes) -> None:
    """Look at nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerCertificate:
    """The certificate of ``origin`` ends at ``ends``, as a handshake at ``seen`` has shown."""

    origin: Origin
    ends: datetime
    seen: datetime


class Presented:
    """Remembers handshakes that connections needed anyway; nobody is asked for one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[Origin, PeerCertificate] = {}

    def note(self, origin: Origin, der: bytes) -> None:
        """Take note of a certificate; in DER there is one whether it was verified or not."""
        from ocibroker.tls.validity import end_of  # here, since an answer that is remembered needs none

        if (end := end_of(der)) is None:
            return
        known = dict(self._known)  # a copy, since others look at it meanwhile; the one seen longest ago goes first
        known.pop(origin, None)
        known[origin] = PeerCertificate(origin=origin, ends=end, seen=self._clock.now())
        if len(known) > _MOST:
            del known[next(iter(known))]
        self._known = known

    def of(self, origin: Origin) -> PeerCertificate | None:
        """Return what ``origin`` has presented last, or none where nobody has shaken hands with it."""
        return self._known.get(origin)
