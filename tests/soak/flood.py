"""``python -m tests.soak.flood PORT BEARER HOST``: ask by many as fast as can be, until standard input ends."""

from __future__ import annotations

import socket
import ssl
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from tests.soak.question import question

CONNECTIONS: Final = 32
ADDRESS: Final = "127.0.0.2"
"""Another than everybody else's: over TCP a caller is an address."""
_PATIENCE: Final = 20.0


def main(port: str, bearer: str, host: str) -> None:
    over, bearing = threading.Event(), f"Authorization: Bearer {Path(bearer).read_text()}"
    request = question(host, bearing, to=f"127.0.0.1:{port}")

    def flood() -> None:
        while not over.is_set():
            with suppress(OSError), connected(int(port)) as connection:
                while not over.is_set():
                    connection.sendall(request)
                    if not connection.recv(65536):
                        break

    threads = [threading.Thread(target=flood) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    over.set()
    for thread in threads:
        thread.join()


def connected(port: int) -> ssl.SSLSocket:
    """Return a connection over TLS from that address; whose certificate it is does not matter for a flood."""
    plain = socket.create_connection(("127.0.0.1", port), _PATIENCE, source_address=(ADDRESS, 0))
    return ssl._create_unverified_context().wrap_socket(plain)


if __name__ == "__main__":
    main(*sys.argv[1:])
