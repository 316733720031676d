"""A server in a process of its own for the length of a block."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SERVE: Final = (str(Path(sys.executable).with_name("ocibroker")), "serve", "--socket")
_START: Final = 20.0


@contextmanager
def serving(
    command: Sequence[str], place: Path, environ: Mapping[str, str], core: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Yield the process once it listens at the Unix socket ``place``; it runs on ``core`` only, if one is given."""
    pinned = ["taskset", "--cpu-list", str(core)] if core is not None else []
    with subprocess.Popen([*pinned, *command], env=environ, stderr=subprocess.DEVNULL) as process:
        try:
            _await(place, process)
            yield process
        finally:
            process.terminate()


def processor_seconds(pid: int) -> float:
    """Return how long the threads of a process and of its children have run."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    own = sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9
    return own + sum(processor_seconds(int(child)) for child in children)


def _await(place: Path, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START
    while time.monotonic() < end and process.poll() is None:
        with socket.socket(socket.AF_UNIX) as connection:
            if connection.connect_ex(os.fspath(place)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"nobody listens at {place}")
