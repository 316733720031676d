"""A port for a server that must be told one."""

from __future__ import annotations

import socket
from contextlib import closing


def free_port() -> int:
    """Return a port of 127.0.0.1 at which nobody listens as yet."""
    with closing(socket.create_server(("127.0.0.1", 0))) as one:
        return int(one.getsockname()[1])
