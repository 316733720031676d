"""``python -m tests.soak.flood PORT BEARER HOST``: ask by many as fast as can be, until standard input ends."""

from __future__ import annotations

import ssl
import sys
import threading
from contextlib import suppress
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from typing import Final

from tests.soak.caller import ask

CONNECTIONS: Final = 16
ADDRESS: Final = "127.0.0.2"
"""Another than everybody else's: over TCP a caller is an address."""


def main(port: str, bearer: str, host: str) -> None:
    over, said = threading.Event(), f"Bearer {Path(bearer).read_text()}"

    def flood() -> None:
        connection = connected(int(port), ADDRESS)
        while not over.is_set():
            with suppress(OSError, HTTPException):
                ask(connection, host, Host=f"127.0.0.1:{port}", Authorization=said)
        connection.close()

    threads = [threading.Thread(target=flood) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    over.set()
    for thread in threads:
        thread.join()


def connected(port: int, source: str = "127.0.0.1", trust: ssl.SSLContext | None = None) -> HTTPSConnection:
    """Return a connection over TLS from that address; without ``trust`` nobody is verified."""
    context = trust or ssl._create_unverified_context()
    return HTTPSConnection("127.0.0.1", port, timeout=20, source_address=(source, 0), context=context)


if __name__ == "__main__":
    main(*sys.argv[1:])
