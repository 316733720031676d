"""What a service manager is told: the protocol of ``sd_notify(3)``, a datagram each."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Notifier:
    """``address`` is a Unix socket's path, or ``@`` and an abstract name; without one nobody is told.

    ``watchdog`` are the seconds within which a sign of life is expected, none where nobody waits for one.
    Whether anybody listens changes nothing.
    """

    address: str = ""
    watchdog: float | None = None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], pid: int | None = None) -> Self:
        """Return whom ``NOTIFY_SOCKET`` names, and the watchdog where ``WATCHDOG_PID`` means this process."""
        address = environ.get("NOTIFY_SOCKET", "")
        mine = environ.get("WATCHDOG_PID", "") in {"", str(os.getpid() if pid is None else pid)}
        microseconds = environ.get("WATCHDOG_USEC", "")
        counted = mine and microseconds.isascii() and microseconds.isdigit() and int(microseconds) > 0
        return cls(address if address[:1] in {"/", "@"} else "", int(microseconds) / 1e6 if counted else None)

    def ready(self) -> None:
        """Say that callers are served, with the configuration that is now in force."""
        self._send("READY=1")

    def reloading(self) -> None:
        """Say that the configuration is read anew."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        """Say that the process is about to end."""
        self._send("STOPPING=1")

    def alive(self) -> None:
        """Give a sign of life, where one is expected."""
        if self.watchdog is not None:
            self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """Show one line to people."""
        self._send(f"STATUS={' '.join(text.split())}")

    def _send(self, message: str) -> None:
        if not self.address:
            return
        name = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.setblocking(False)  # noqa: FBT003  # socket's own signature
            out.sendto(message.encode(), name)
