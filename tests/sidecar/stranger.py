"""A child process that is another user, run as root only: ``python stranger.py UID SOCKET REQUEST``.

It asks once, and says on standard output what came of it: an error's name, or the bytes of the answer.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

NOBODY = 65534

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs another user: run as root")


REQUEST = b"POST / HTTP/1.0\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"


def ask_as(uid: int, path: Path, request: bytes = REQUEST) -> str:
    """Return what that user gets at the socket."""
    argv = [sys.executable, __file__, str(uid), str(path), request.decode("ascii")]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=20)
    return done.stdout


def main(uid: int, path: str, request: str) -> None:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        try:
            connection.connect(path)
            connection.sendall(request.encode("ascii"))
            received = b"".join(iter(lambda: connection.recv(65536), b""))
        except OSError as error:
            received = type(error).__name__.encode()
    sys.stdout.write(received.decode())


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
