"""A port for a server that must be told one."""

from __future__ import annotations

import secrets
import socket
from contextlib import closing, suppress
from typing import Final

_GIVEN_OUT: Final = 32_768
"""Where begins what systems choose from themselves, for every connection that is made."""


def free_port() -> int:
    """Return a port of 127.0.0.1 at which nobody listens as yet, and which nobody is given meanwhile."""
    while True:
        port = _GIVEN_OUT - 1 - secrets.randbelow(12_000)
        with suppress(OSError), closing(socket.create_server(("127.0.0.1", port))):
            return port
