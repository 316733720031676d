"""Who is at the other end of a connection, as the kernel or the handshake says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """``uid``, ``pid`` and ``gid`` are a Unix socket's caller's, as it was when it connected; none elsewhere.

    ``names`` are the certificate's: ``dns:…``, ``uri:…``. ``address`` is a TCP caller's. No request decides any of
    it.
    """

    uid: int | None = None
    pid: int | None = None
    gid: int | None = None
    names: frozenset[str] = frozenset()
    address: str = ""

    @property
    def key(self) -> str:
        """What one caller's share is counted by."""
        if self.uid is not None:
            return f"uid {self.uid}"
        return ",".join(sorted(self.names)) or self.address

    def __str__(self) -> str:
        """Return all that is known, for people."""
        process = f" (pid {self.pid})" if self.pid else ""
        where = f" at {self.address}" if self.names and self.address else ""
        return f"{self.key}{process}{where}"
