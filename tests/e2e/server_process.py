"""A server on loopback in a process of its own, which ends with the tests."""

import re
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final

from tests.e2e.requirement import executable

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_START: Final = 15.0
_STOP: Final = 5.0


@contextmanager
def serving(argv: Sequence[str], log: Path, named: str, env: Mapping[str, str] = NOTHING) -> Iterator[int]:
    """Run it until the block ends, and yield the port that the kernel chose.

    What it says goes to ``log``; the pattern ``named`` finds the port there. ``env`` is all of its environment.
    """
    # The kernel ends it with the tests, even if these are killed and clean nothing up.
    bound = [executable("setpriv", "apt-get install util-linux"), "--pdeathsig", "KILL", *argv]
    with (
        log.open("wb") as output,
        subprocess.Popen(bound, stdout=output, stderr=subprocess.STDOUT, env=env, cwd=log.parent) as process,
    ):
        try:
            yield _port(process, log, named)
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP)
    except subprocess.TimeoutExpired:
        process.kill()


def _port(process: subprocess.Popen[bytes], log: Path, named: str) -> int:
    end = time.monotonic() + _START
    while process.poll() is None and time.monotonic() < end:
        if found := re.search(named, log.read_text()):
            return int(found[1])
        time.sleep(0.02)
    raise RuntimeError(f"the server does not listen after {_START:g} s:\n{log.read_text()}")
