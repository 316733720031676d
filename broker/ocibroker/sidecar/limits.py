"""How much of the sidecar one caller may take, and all of them together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Times are in seconds. A connection that oversteps one of the first five is closed.

    ``header`` is for a whole header, counted from the connection or from the request's first byte, ``body`` for a
    whole body, ``idle`` for the pause between two requests, ``write`` for a caller who does not read, ``handshake``
    for TLS. ``connections`` are those of one door, ``connections_each`` those of one caller there; the one that has
    been idle for longest goes when another comes. ``rate`` and ``burst`` are requests of one caller, the first per
    second; what is beyond is answered with 429 after ``penalty``. Where the process runs out of file descriptors no
    connection is accepted for ``pause``, and ``reserve`` are kept back for the admin listener.
    """

    header: float = 2.0
    body: float = 5.0
    idle: float = 60.0
    write: float = 10.0
    handshake: float = 3.0
    header_bytes: int = 16 * 1024
    body_bytes: int = 128 * 1024
    connections: int = 1024
    connections_each: int = 128
    rate: float = 2000.0
    burst: int = 1000
    penalty: float = 0.1
    pause: float = 1.0
    reserve: int = 8

    @property
    def tick(self) -> float:
        """How often overdue connections are looked for."""
        return min(0.25, min(self.header, self.body, self.idle, self.write) / 8)
