"""A process that logs in: ``python -m tests.authfile.writer FILE HOST…``; it ends itself at the Nth call if told.

Every call of the operating system's that the writing makes goes through a function of :mod:`os` or of a file, and
Python's profiler is told of it before and after.
"""

import os
import signal
import sys
from pathlib import Path
from types import FrameType

from ocibroker.authfile import Login, put_login
from ocibroker.credential import Basic
from ocibroker.secret import Secret

WRITING = frozenset(
    {"open", "write", "flush", "fsync", "rename", "close", "mkdir", "flock", "unlink", "stat", "fstat"}
)
CRASH_AT = "CRASH_AT"


def crash_at(moment: int) -> None:
    """End this process, as ``kill -9`` does, at the ``moment``-th step of what comes."""
    steps = iter(range(moment))

    def step(_: FrameType, event: str, called: object) -> None:
        if (
            event in {"c_call", "c_return"}
            and getattr(called, "__name__", "") in WRITING
            and next(steps, None) is None
        ):
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(step)


def main(path: str, *hosts: str) -> None:
    if moment := os.environ.get(CRASH_AT):
        crash_at(int(moment))
    for host in hosts:
        put_login(Path(path), Login(host, Basic(username="alice", secret=Secret(f"wonder at {host}"))))
    sys.setprofile(None)


if __name__ == "__main__":
    main(*sys.argv[1:])
