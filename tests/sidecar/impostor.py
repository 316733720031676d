"""Somebody at the sidecar's socket who answers whatever a test wants."""

from __future__ import annotations

import itertools
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ocibroker.testing import CannedResponse


@contextmanager
def answering(place: Path, answer: CannedResponse, *, hung_up: int = 0) -> Iterator[None]:
    """Answer every request at ``place`` with ``answer``, after the first ``hung_up`` that get none."""
    calls = itertools.count()

    class Impostor(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            length = 0
            while line := self.rfile.readline().strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            self.rfile.read(length)
            if next(calls) < hung_up:
                return
            head = [
                f"HTTP/1.1 {answer.status} Whatever",
                f"Content-Length: {len(answer.body)}",
                "Connection: close",
            ]
            head += [f"{name}: {value}" for name, value in answer.headers.items()]
            self.wfile.write("\r\n".join([*head, "", ""]).encode() + answer.body)

    with socketserver.ThreadingUnixStreamServer(str(place), Impostor) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield
        server.shutdown()
